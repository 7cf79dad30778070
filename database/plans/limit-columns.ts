/** Columns of a limit, in a plan or an override, as the fields of `LimitDefinition`. */
export const LIMIT_COLUMNS = `resource, period, amount, enforcement, warn_at::double precision as "warnAt",
        grace_fraction::double precision as "graceFraction", grace_seconds as "graceSeconds", burst,
        on_unavailable as "onUnavailable", on_unpriced as "onUnpriced"`;
