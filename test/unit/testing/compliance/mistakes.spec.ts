import { expect } from "chai";
import { badEndings } from "../../../support/bad-endings.ts";
import { badHabits } from "../../../support/bad-habits.ts";
import { badNeighbours } from "../../../support/bad-neighbours.ts";
import { badPlugins } from "../../../support/bad-plugins.ts";
import { badRarities } from "../../../support/bad-rarities.ts";
import { badSurroundings } from "../../../support/bad-surroundings.ts";
import { findings } from "../../../support/findings.ts";
import { expectNothingUncaught } from "../../../support/uncaught.ts";

describe("compliance finds a plugin that", function () {
  this.timeout(60_000);
  // What a check sends into a plugin is its own affair: a runner would count it against another test.
  expectNothingUncaught();

  for (const { what, make, said, saidByCompliance = said, check } of [...badPlugins, ...badNeighbours])
    it(`${what}, and says so`, async () => {
      const expected = saidByCompliance ?? /./;
      expect((await findings(make, {}, check, expected)).join("\n")).to.match(expected);
    });
});

describe("compliance finds the mistake of a plugin that", () => {
  expectNothingUncaught();

  for (const { what, make, check, said, saidByCompliance = said } of [...badHabits, ...badEndings, ...badRarities, ...badSurroundings])
    it(`${what}, and says so`, async () => {
      expect((await findings(make, {}, check)).join("\n")).to.match(saidByCompliance ?? /./);
    });
});
