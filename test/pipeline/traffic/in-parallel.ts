/** Works through `jobs` in order, `width` at a time; the answers come in the order of the jobs. */
export async function inParallel<Job, Answer>(
  width: number,
  jobs: readonly Job[],
  work: (job: Job) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < jobs.length) {
      const index = next++;
      answers[index] = await work(jobs[index]!);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return answers;
}
