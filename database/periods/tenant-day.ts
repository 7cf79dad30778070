/** A tenant's day, by the instant at which it starts in the tenant's zone, in Unix milliseconds. */
export interface TenantDay {
  readonly tenantId: string;
  readonly dayStartMs: number;
}
