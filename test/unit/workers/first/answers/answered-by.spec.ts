import { expect } from "chai";
import { operations } from "../../../../../core/admin/operations/operations.ts";
import { answeredBy, type AnsweredBy } from "../../../../../core/workers/first/answers/answered-by.ts";

/** Each operation of the table: a new one is refused with several workers, and this test fails, until somebody has decided. */
const expected: Readonly<Record<string, AnsweredBy>> = {
  status: "merge",
  listeners: "merge",
  listener: "merge",
  plugin: "merge",
  upstreams: "merge",
  config: "any",
  toggle_plugin: "first",
  overrides: "first",
  take_back_override: "first",
  write_override: "first",
  generations: "first",
  restore: "first",
  accept: "first",
  plan: "first",
  reload: "first",
  list_sessions: "merge",
  read_session: "owner",
  end_session: "owner",
  hold_session: "owner",
  release_session: "owner",
  inject_into_session: "owner",
  start_capture: "first",
  captures: "first",
  stop_capture: "first",
  record: "first",
  recordings: "first",
  stop_recording: "first",
  events: "follow",
  openapi: "any",
};

describe("the operations, where there are several workers", () => {
  it("are each answered in one way", () => {
    expect(Object.fromEntries(operations.map((each) => [each.name, answeredBy(each)]))).to.deep.equal(expected);
  });
});
