import { Canvas, type Palette } from "./canvas.ts";

/** What one open connection sees of a save: its bytes, its operators, and the state that goes over. */
export function swapPicture(colors: Palette): Canvas {
  const canvas = new Canvas(860, 330, colors, "A swap: an open connection takes the new operators between two chunks");
  const { old, young, faint, client } = colors;
  canvas.text(16, 30, "what comes in", { size: 13, fill: faint });
  canvas.time(58, 120, 840);
  canvas
    .marble(180, 58, "card 12", client)
    .marble(330, 58, "34, pin 56", client)
    .marble(560, 58, "78", client)
    .marble(720, 58, " ok", client);

  canvas.label([130, 104, 290, 44], ["old operators"], old);
  canvas.label([470, 104, 340, 44], ["new operators"], young);
  for (const x of [180, 330]) canvas.arrow([x, 72], [x, 102], old);
  for (const x of [560, 720]) canvas.arrow([x, 72], [x, 102], young);
  canvas
    .line([445, 40], [445, 156], client, true)
    .line([445, 206], [445, 286], client, true)
    .text(445, 30, "a save", { anchor: "middle", fill: client, size: 13 });

  canvas.arrow([420, 126], [468, 126], faint);
  canvas.text(445, 176, 'carry: its state, "56", goes over', { anchor: "middle", size: 13 });
  canvas.text(445, 196, "all else completes, and gives what it holds", { anchor: "middle", size: 13, fill: faint });

  canvas.text(16, 236, "what goes out", { size: 13, fill: faint });
  canvas.time(264, 120, 840);
  canvas.marble(190, 264, "card ", old).marble(340, 264, "####, pin ", old).marble(740, 264, "**** ok", young);
  canvas.text(120, 310, "Not a byte is lost, doubled or out of order, and the socket never knows.", { size: 13, fill: faint });
  return canvas;
}
