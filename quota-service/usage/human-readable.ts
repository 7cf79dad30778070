const NANO_PER_USD = 1_000_000_000;
const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** An amount in words: `12,345 tokens`, `$0.0123`, `1.5 GiB`. For people; programs use the amount. */
export function humanReadable(resource: string, amount: number): string {
  if (resource === "cost") return formatUsd(amount);
  if (resource.endsWith("_bytes")) return formatBytes(amount);
  return `${amount.toLocaleString("en-US")} ${resource.replaceAll("_", " ")}`;
}

/** Two significant digits below a cent, so that small costs do not read as nothing. */
function formatUsd(nanoUsd: number): string {
  const usd = nanoUsd / NANO_PER_USD;
  if (usd !== 0 && Math.abs(usd) < 0.01) return `$${Number(usd.toPrecision(2)).toFixed(9).replace(/0+$/, "")}`;
  return usd.toLocaleString("en-US", { style: "currency", currency: "USD" });
}

function formatBytes(bytes: number): string {
  const step = bytes === 0 ? 0 : Math.min(Math.floor(Math.log2(Math.abs(bytes)) / 10), BYTE_UNITS.length - 1);
  const scaled = bytes / 1024 ** step;
  return `${scaled.toLocaleString("en-US", { maximumFractionDigits: 1 })} ${BYTE_UNITS[step]}`;
}
