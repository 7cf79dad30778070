import { perProcess } from "../../process/per-process.ts";
import { warnOnce } from "../../process/warn.ts";
import { recordedId } from "./user-ids.ts";
import type { UserIds } from "./user-ids.ts";

/** The collector cuts longer ones, and two could become one. */
const LENGTH_MAX = 256;

/** What becomes of the ids of users in this process. */
export const userIdSetting = perProcess<{ userIds: UserIds }>("user-ids", () => ({
  userIds: { kind: "drop", isDefault: false },
}));

/**
 * What is recorded for a user's id by the setting of this process; null: nothing. The id itself is kept nowhere unless it is what is
 * recorded, and no warning repeats it.
 */
export function acceptUserId(userId: unknown): string | null {
  const { userIds } = userIdSetting();
  if (typeof userId !== "string" || userId === "" || userId.length > LENGTH_MAX) {
    warnOnce("QUOTEL_USER_INVALID", `a user id was ignored: it must be a text of 1 to ${LENGTH_MAX} characters`);
    return null;
  }
  if (userIds.kind === "drop" && userIds.isDefault) {
    warnOnce(
      "QUOTEL_USER_DROPPED",
      "user ids are not recorded; QUOTEL_USER_IDS=hash or =keep changes that, =drop ends this warning",
    );
  }
  return recordedId(userId, userIds);
}
