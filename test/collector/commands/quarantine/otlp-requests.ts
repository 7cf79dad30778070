/** A value of an attribute. */
type Values = Readonly<Record<string, string | number>>;

/** An OTLP JSON metrics request with one gauge or sum of one point per item. */
export function metricsRequest(
  ...points: readonly {
    readonly name: string;
    readonly value: number | string;
    readonly attributes: Values;
    readonly timeMs?: number;
    /** A cumulative monotonic sum rather than a gauge. */
    readonly isCounter?: boolean;
  }[]
): Buffer {
  const metrics = points.map(({ name, value, attributes, timeMs = Date.now() - 1_000, isCounter = false }) => {
    const point = {
      ...(isCounter && { startTimeUnixNano: "1000000000" }),
      timeUnixNano: `${timeMs}000000`,
      asDouble: value,
      attributes: attributesOf(attributes),
    };
    return {
      name,
      ...(isCounter
        ? { sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point] } }
        : { gauge: { dataPoints: [point] } }),
    };
  });
  return encoded({ resourceMetrics: [{ scopeMetrics: [{ scope: { name: "test" }, metrics }] }] });
}

/** An OTLP JSON logs request with one event record per item. */
export function logsRequest(
  ...records: readonly {
    readonly eventName: string;
    readonly attributes: Values;
    readonly timeMs?: number;
    readonly traceId?: string;
    readonly spanId?: string;
  }[]
): Buffer {
  const logRecords = records.map(({ eventName, attributes, timeMs = Date.now() - 1_000, ...ids }) => ({
    eventName,
    timeUnixNano: `${timeMs}000000`,
    attributes: attributesOf(attributes),
    ...ids,
  }));
  return encoded({ resourceLogs: [{ scopeLogs: [{ scope: { name: "test" }, logRecords }] }] });
}

function attributesOf(values: Values): object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { intValue: value } : { stringValue: value },
  }));
}

function encoded(request: object): Buffer {
  return Buffer.from(JSON.stringify(request));
}
