import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useCallback, useEffect } from "preact/hooks";
import { follow } from "../api/events.ts";
import type { ChunkEvent } from "../api/types.ts";
import { ChunkView } from "../parts/chunk-view.tsx";
import { mostMarbles, withChunks, type Marble } from "../parts/chunks.ts";
import { count } from "../parts/format.ts";
import { Marbles } from "../parts/marbles.tsx";
import { proxyNow } from "../proxy-clock.ts";

/** Milliseconds between two drawings, no matter how many chunks pass. */
const drawMs = 100;

/** The chunks of a session as they pass, and the selected chunk. */
export function LiveChunks({ id, plugins }: { id: string; plugins: readonly string[] }): JSX.Element {
  const now = useSignal(proxyNow());
  const marbles = useSignal<readonly Marble[]>([]);
  /** Kept after it has left the diagram, so that its reader does not lose it. */
  const chosen = useSignal<Marble | undefined>(undefined);
  const choose = useCallback((marble: Marble) => (chosen.value = marble), [chosen]);
  const lost = useSignal(0);
  useEffect(() => {
    const came: ChunkEvent[] = [];
    const draw = setInterval(() => {
      now.value = proxyNow();
      if (came.length > 0) marbles.value = withChunks(marbles.value, came.splice(0));
    }, drawMs);
    const stop = follow([`tap:${id}`], (type, value) => {
      if (type === "dropped") lost.value += (value as { dropped: number }).dropped;
      if (type !== "chunk") return;
      const event = value as ChunkEvent;
      if (event.session !== Number(id)) return;
      came.push(event);
      if (came.length > mostMarbles) came.shift();
    });
    return () => {
      clearInterval(draw);
      stop();
    };
  }, [id]);
  return (
    <>
      <section class="panel">
        <h2>Chunks, live</h2>
        <p class="hint">
          <span class="key fromClient" /> from the client <span class="key fromUpstream" /> from the upstream. Choose one to see its bytes.
        </p>
        <Marbles plugins={plugins} marbles={marbles.value} now={now.value} chosen={chosen.value?.key} choose={choose} />
        {lost.value > 0 && <p class="hint">{count(lost.value)} chunks came faster than they could be shown.</p>}
      </section>
      {chosen.value !== undefined && <ChunkView marble={chosen.value} />}
    </>
  );
}
