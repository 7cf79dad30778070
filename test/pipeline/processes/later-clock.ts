/** Preload of a process that lives `CLOCK_AHEAD_MS` in the future, as far as it asks `Date.now()`. */
const aheadMs = Number(process.env["CLOCK_AHEAD_MS"]);
const now = Date.now.bind(Date);
Date.now = () => now() + aheadMs;
