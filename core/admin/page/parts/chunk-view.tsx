import type { JSX } from "preact";
import type { Marble } from "./chunks.ts";
import { fromBase64, hexLines, type HexLine } from "./hex.ts";

/** A chunk before and behind the place where it was selected, as hex and text. Differences are marked. */
export function ChunkView({ marble }: { marble: Marble }): JSX.Element {
  const { bytes, same } = marble;
  const data = decoded(marble.data);
  return (
    <section class="panel chunk" aria-live="polite">
      <Title marble={marble} />
      {same && <p class="hint">As it was before.</p>}
      <Messages texts={marble.messages} />
      <Sides marble={marble} data={data} />
      {(bytes ?? 0) > (data?.length ?? Infinity) && <p class="hint">The first {data?.length} bytes are shown.</p>}
    </section>
  );
}

const decoded = (text: string | undefined): Uint8Array | undefined => (text === undefined ? undefined : fromBase64(text));

function Title({ marble: { plugin, bytes, took, chunk, direction } }: { marble: Marble }): JSX.Element {
  const from = direction === "fromClient" ? "from the client" : "from the upstream";
  return (
    <h2>
      <span>
        Chunk {chunk} {from} {plugin !== undefined && `behind ${plugin}`}
      </span>
      <span class="dim number">
        {bytes === undefined ? "dropped" : `${bytes} bytes`}
        {took !== undefined && `, ${(took * 1000).toFixed(1)} µs`}
      </span>
    </h2>
  );
}

/** The messages that the plugin's codec reads in it. */
function Messages({ texts }: { texts: readonly string[] | undefined }): JSX.Element | null {
  if (texts === undefined) return null;
  return (
    <div class="messages">
      <h3>{texts.length === 0 ? "No whole message in it" : texts.length === 1 ? "1 message" : `${texts.length} messages`}</h3>
      <ol>
        {texts.map((text, index) => (
          <li key={index}>
            <code>{text}</code>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Sides({ marble: { plugin, before, same }, data }: { marble: Marble; data: Uint8Array | undefined }): JSX.Element {
  const other = same ? undefined : decoded(before);
  return (
    <div class="sides">
      {other !== undefined && <Dump title={`before ${plugin ?? ""}`} lines={hexLines(other, data)} />}
      {data !== undefined && <Dump title={plugin === undefined ? "as it came" : `behind ${plugin}`} lines={hexLines(data, other)} />}
    </div>
  );
}

function Dump({ title, lines }: { title: string; lines: readonly HexLine[] }): JSX.Element {
  return (
    <div>
      <h3>{title}</h3>
      <pre class="dump">
        {lines.map(({ offset, cells }) => (
          <div key={offset}>
            <span class="dim">{offset} </span>
            {cells.map(({ hex, differs }, index) => (
              <span key={index} class={differs ? "differs" : undefined}>
                {hex}{" "}
              </span>
            ))}
            <span>{"   ".repeat((lines[0]?.cells.length ?? 0) - cells.length)} </span>
            {cells.map(({ text, differs }, index) => (
              <span key={index} class={differs ? "differs" : undefined}>
                {text}
              </span>
            ))}
          </div>
        ))}
      </pre>
    </div>
  );
}
