import { PanelBuilder as BarGaugeBuilder } from "@grafana/grafana-foundation-sdk/bargauge";
import {
  BarGaugeDisplayMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import { ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Threshold } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
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

/** Rows as they are; nothing in them is good or bad. */
export function plainTable(): TableBuilder {
  return new TableBuilder().datasource(POSTGRES).unit("short").thresholds(thresholds());
}

/** A bar for each row, in the order of the rows. */
export function rankedBars(): BarGaugeBuilder {
  return (
    new BarGaugeBuilder()
      .datasource(POSTGRES)
      .unit("short")
      .min(0)
      .thresholds(thresholds())
      .orientation(VizOrientation.Horizontal)
      .displayMode(BarGaugeDisplayMode.Gradient)
      // One bar per row, not one reduced value per column.
      .reduceOptions(new ReduceDataOptionsBuilder().values(true).calcs(["lastNotNull"]).fields(""))
  );
}

function overTime(): PanelBuilder {
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom);
  const tooltip = new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
  // The rollups are by the hour; a finer interval would only make gaps.
  return new PanelBuilder()
    .datasource(POSTGRES)
    .interval("1h")
    .unit("short")
    .min(0)
    .thresholds(thresholds())
    .legend(legend)
    .tooltip(tooltip);
}
