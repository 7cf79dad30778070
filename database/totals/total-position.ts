import { BUILT_IN_RESOURCES } from "@quotel/conventions";

/** Where a resource's totals are: in which row of a tenant's day, and where in its arrays (from 1). */
export interface TotalPosition {
  /** Column `resource` of `quotel.day_totals`: '' for the row that holds all built-in resources. */
  readonly row: string;
  readonly position: number;
}

const BUILT_IN: ReadonlyMap<string, TotalPosition> = new Map(
  BUILT_IN_RESOURCES.map((resource, index) => [resource, { row: "", position: index + 1 }]),
);

/** Built-in resources share a row; any other has one of its own. The SQL view `quotel.quota_totals` is the inverse. */
export function totalPositionOf(resource: string): TotalPosition {
  return BUILT_IN.get(resource) ?? { row: resource, position: 1 };
}
