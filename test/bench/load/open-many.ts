/** Under way at a time, while many are being opened: more would overflow the queue of those that wait to be accepted. */
const atOnce = 200;

/** Opens so many of something, each of which says when it is open. Ends when all are, or with the first that fails. */
export async function openMany(count: number, open: (index: number) => Promise<void>): Promise<void> {
  let opened = 0;
  const lane = async (): Promise<void> => {
    while (opened < count) {
      opened += 1;
      await open(opened - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
