import type { Cleanup } from "../../support/cleanup.ts";
import { animatedSvg } from "./animated-svg.ts";
import { playScene } from "./scene.ts";

export const recordingFile = "docs/pictures/reload.svg";

/** Plays the scene, and draws it. */
export async function recordScene(cleanup: Cleanup): Promise<string> {
  return animatedSvg(
    await playScene(cleanup),
    "A plugin is added to the config, and an open connection takes it; a broken save is refused",
  );
}
