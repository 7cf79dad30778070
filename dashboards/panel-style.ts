import {
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Threshold } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { POSTGRES } from "./query.ts";

/** Green, orange from `warnAt`, red from `alarmAt`; in the panel's unit. Without levels nothing is good or bad. */
export function thresholds(warnAt?: number, alarmAt?: number): ThresholdsConfigBuilder {
  const steps: Threshold[] = [{ value: null, color: "green" }];
  if (warnAt !== undefined) steps.push({ value: warnAt, color: "orange" });
  if (alarmAt !== undefined) steps.push({ value: alarmAt, color: "red" });
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

/** Amounts per bucket, stacked: the height of a bar is their sum. */
export function stackedBars(): PanelBuilder {
  return overTime()
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
}

/** Values that do not add up, such as percentiles. */
export function lines(): PanelBuilder {
  return overTime().drawStyle(GraphDrawStyle.Line).showPoints(VisibilityMode.Auto);
}

function overTime(): PanelBuilder {
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
  const tooltip = new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
  // The rollups are by the hour; a finer interval would only make gaps.
  return new PanelBuilder().datasource(POSTGRES).interval("1h").min(0).legend(legend).tooltip(tooltip);
}
