import { expect, test } from "vitest";
import { GroupCommit } from "#database/lanes/group-commit";

/** A writer whose commits finish when the test says so. */
function writerUnderTest(maxWeight = 100) {
  const groups: number[][] = [];
  const finish: (() => void)[] = [];
  const writer = new GroupCommit<number, number>({
    maxWeight,
    commit: async (group) => {
      groups.push([...group]);
      await new Promise<void>((resolve) => finish.push(resolve));
      if (group.includes(13)) throw new Error("unlucky");
      return group.map((n) => n * 2);
    },
  });
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return { writer, groups, finishNext: () => finish.shift()!(), turn };
}

test("requests that arrive during a commit share the next one, and each gets its own answer", async () => {
  const { writer, groups, finishNext, turn } = writerUnderTest();
  const first = writer.submit(1);
  await turn();
  const later = [2, 3, 4].map((n) => writer.submit(n));
  finishNext();
  expect(await first).toBe(2);
  await turn();
  finishNext();
  expect(await Promise.all(later)).toEqual([4, 6, 8]);
  expect(groups).toEqual([[1], [2, 3, 4]]);
});

test("a group stops at its weight, and takes at least one request", async () => {
  const { writer, groups, finishNext, turn } = writerUnderTest(2);
  const answers = [1, 2, 3].map((n) => writer.submit(n));
  await turn();
  finishNext();
  await turn();
  finishNext();
  expect(await Promise.all(answers)).toEqual([2, 4, 6]);
  expect(groups).toEqual([[1, 2], [3]]);
});

test("a failed commit rejects its own group only", async () => {
  const { writer, finishNext, turn } = writerUnderTest();
  const unlucky = writer.submit(13).catch((error: unknown) => error);
  await turn();
  const lucky = writer.submit(1);
  finishNext();
  expect(await unlucky).toEqual(new Error("unlucky"));
  await turn();
  finishNext();
  expect(await lucky).toBe(2);
  await writer.drained();
});

test("a group is made up when its turn to commit comes, not before", async () => {
  const groups: number[][] = [];
  const turns: (() => void)[] = [];
  const writer = new GroupCommit<number, number>({
    maxWeight: 100,
    commit: async (group) => {
      groups.push([...group]);
      return group;
    },
    inTurn: async (commit) => {
      await new Promise<void>((resolve) => turns.push(resolve));
      await commit();
    },
  });
  const answers = [writer.submit(1)];
  await new Promise((resolve) => setImmediate(resolve));
  answers.push(writer.submit(2), writer.submit(3));
  expect(groups).toEqual([]);
  turns.shift()!();
  expect(await Promise.all(answers)).toEqual([1, 2, 3]);
  expect(groups).toEqual([[1, 2, 3]]);
});
