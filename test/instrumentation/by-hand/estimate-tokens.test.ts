import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { countTokens as countOfNewer } from "gpt-tokenizer/encoding/o200k_base";
import { countTokens as countOfOlder } from "gpt-tokenizer/encoding/cl100k_base";
import { expect, test } from "vitest";

import { estimateTokens } from "@quotel/instrumentation";

test("beside gpt-tokenizer a short text's estimate is what that counts in the model's vocabulary, and marked as one", () => {
  const text = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.";
  const newer = { tokens: countOfNewer(text), estimated: true, by: "tokenizer" };
  const older = { tokens: countOfOlder(text), estimated: true, by: "tokenizer" };
  expect(newer.tokens).not.toBe(older.tokens);
  for (const model of ["gpt-4o-mini", "gpt-4.1", "gpt-5", "o3", "claude-sonnet-4-5", undefined]) {
    expect(estimateTokens(text, model)).toEqual(newer);
  }
  for (const model of ["gpt-4", "gpt-4-turbo", "gpt-3.5-turbo", "text-embedding-3-small"]) {
    expect(estimateTokens(text, model)).toEqual(older);
  }
});

test("a long text is estimated from its beginning, within a tenth", async () => {
  const licence = await readFile(new URL("../../../LICENSE", import.meta.url), "utf8");
  const long = licence.repeat(6);
  const { tokens } = estimateTokens(long);
  expect(long.length).toBeGreaterThan(60_000);
  expect(Math.abs(tokens / countOfNewer(long) - 1)).toBeLessThan(0.1);
});

test("whatever the text, an estimate is a whole number between nothing and its bytes, and control tokens are text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 2_000 }), (text) => {
      const { tokens } = estimateTokens(text);
      expect(Number.isSafeInteger(tokens) && tokens <= Buffer.byteLength(text)).toBe(true);
      expect(tokens > 0).toBe(text !== "");
    }),
  );
  expect(estimateTokens("<|endoftext|>").tokens).toBeGreaterThan(1);
});

test("a text without a word's end, over which a tokenizer would sit for minutes, is estimated all the same", () => {
  expect(estimateTokens("a".repeat(2_000_000)).tokens).toBeGreaterThan(100_000);
});
