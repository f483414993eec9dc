import { palettes } from "./canvas.ts";
import { hooksPicture } from "./hooks.ts";
import { lifePicture } from "./life.ts";
import { swapPicture } from "./swap.ts";

const pictures = { hooks: hooksPicture, "life-of-a-plugin": lifePicture, swap: swapPicture };

/** The pictures that are drawn, by their file: each with a light and a dark side. */
export function drawnPictures(): Readonly<Record<string, string>> {
  const sides = Object.entries(palettes);
  const files = Object.entries(pictures).flatMap(([name, draw]) =>
    sides.map(([side, palette]) => [`docs/pictures/${name}-${side}.svg`, String(draw(palette))] as const),
  );
  return Object.fromEntries(files);
}
