import { Canvas, type Palette } from "./canvas.ts";

/** A plugin's instance from its construction to its teardown, and the one that a save puts in its place. */
export function lifePicture(colors: Palette): Canvas {
  const canvas = new Canvas(860, 330, colors, "The life of a plugin: constructed, set up, serving, replaced, torn down");
  const { old, young, faint, bad, client } = colors;
  canvas.text(16, 34, "generation 1", { bold: true, fill: old });
  canvas.label([16, 48, 110, 52], ["constructor", "opens nothing"], old);
  canvas.arrow([126, 74], [146, 74], old);
  canvas.label([146, 48, 110, 52], ["setup()", "opens files"], old);
  canvas.arrow([256, 74], [276, 74], old);
  canvas.label([276, 48, 400, 52], ["sessions", "those of before the swap may keep it"], old);
  canvas.arrow([676, 74], [716, 74], old);
  canvas.label([716, 48, 128, 52], ["teardown()", "after its last one"], old);

  canvas.arrow([300, 136], [300, 180], client).text(310, 160, "a save", { fill: client, size: 13 });
  canvas.text(16, 176, "generation 2", { bold: true, fill: young });
  canvas.label([240, 190, 110, 52], ["constructor", "of the new code"], young);
  canvas.arrow([350, 216], [366, 216], young);
  canvas.label([366, 190, 80, 52], ["setup()", "as ever"], young);
  canvas.arrow([446, 216], [460, 216], young);
  canvas.label([460, 190, 148, 52], ["inherit(previous)", "takes state over"], young);
  canvas.arrow([536, 100], [536, 188], faint);
  canvas.arrow([608, 216], [642, 216], young);
  canvas.label([642, 190, 202, 52], ["sessions", "new ones and swapped ones"], young);
  canvas.line([625, 104], [625, 262], client, true).text(633, 134, "the swap", { fill: client, size: 13 });

  canvas.text(240, 284, "throws in one of these: the reload is refused, and generation 1 stays", {
    size: 13,
    fill: bad,
  });
  canvas.line([240, 256], [608, 256], bad);
  canvas.text(240, 310, "Nothing of the pipeline changed: its instances live on, untouched.", { size: 13, fill: faint });
  return canvas;
}
