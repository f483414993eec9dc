import { definePlugin } from "sluice";
import { of } from "rxjs";

/** Asks robots to stay away. */
export const polite = definePlugin("polite", () => ({
  exchange: (attempt, { url }) =>
    url === "/robots.txt" ? of({ status: 200, headers: {}, body: "User-agent: *\nDisallow: /\n" }) : attempt,
}));
