/**
 * A generator of numbers in [0, 1), the same for the same seed: sfc32 (C. Doty-Humphrey, PractRand), seeded by a hash of the text. It is
 * fast and good enough to simulate a network; it is not for secrets.
 */
export function randomOf(seed: string): () => number {
  let [a, b, c, counter] = [hash(seed, 1), hash(seed, 2), hash(seed, 3), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4_294_967_296;
  };
  // The author discards the first numbers too, since they still depend visibly on the seed.
  for (let turn = 0; turn < 12; turn += 1) next();
  return next;
}

/** FNV-1a with a different start value for each part of the state. */
function hash(text: string, part: number): number {
  let value = 2_166_136_261 ^ Math.imul(part, 0x9e37_79b9);
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 16_777_619);
  return value | 0;
}
