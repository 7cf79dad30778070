import { afterAll, expect, test } from "vitest";
import { startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);
const { documented } = service;

test.each(documented.bodiesUnder("/v1/quota"))("/v1/quota's %s has examples, and each is one", (name) => {
  const examples = documented.examplesOf(name);
  expect(examples).not.toEqual([]);
  expect(examples.filter((example) => !documented.accepts(name, example))).toEqual([]);
});

test("every example of a request to /v1/quota can be sent as it is, in the order of a reservation's life", async () => {
  const statuses = async (method: string, path: string, name: string): Promise<number[]> => {
    const answers: number[] = [];
    for (const body of documented.examplesOf(name)) answers.push((await service.call(method, path, { body })).status);
    return answers;
  };
  const reservation = "/v1/quota/reservations/0198c0de-0000-7000-8000-000000000001";
  expect(await statuses("POST", "/v1/quota/check", "CheckRequest")).toEqual([200, 200]);
  expect(await statuses("POST", "/v1/quota/check/batch", "BatchCheckRequest")).toEqual([200]);
  expect(await statuses("POST", "/v1/quota/reservations", "ReserveRequest")).toEqual([201, 201]);
  expect(await statuses("POST", "/v1/quota/leases", "LeaseRequest")).toEqual([201]);
  expect(await statuses("PATCH", reservation, "ReservationPatch")).toEqual([200, 200]);
  expect(await statuses("DELETE", reservation, "ReleaseRequest")).toEqual([204]);
  expect(await statuses("POST", "/v1/quota/suggest-upgrade", "UpgradeRequest")).toEqual([200, 200]);
});
