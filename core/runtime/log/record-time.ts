/** The second of the last record in epoch milliseconds, and its text up to the point. */
let second = NaN;
let beginning = "";

/** The time of a record, in pino's form. The part up to the second is made once per second, because a busy proxy writes thousands of records in one. */
export function recordTime(now = Date.now()): string {
  const milliseconds = now % 1000;
  if (now - milliseconds !== second) {
    second = now - milliseconds;
    beginning = `,"time":"${new Date(second).toISOString().slice(0, -"000Z".length)}`;
  }
  return `${beginning}${milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""}${milliseconds}Z"`;
}
