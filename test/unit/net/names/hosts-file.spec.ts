import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHostsFile } from "../../../../core/net/names/hosts-file.ts";
import { WatchedFile } from "../../../../core/net/names/watched-file.ts";

describe("the hosts file", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "sluice-hosts-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("knows every alias of a line, without regard to case, comments and tabs", async () => {
    const file = path.join(folder, "hosts");
    await writeFile(file, "# a comment\n10.0.0.1\tAPI.test api # the API\n::1 api\nnot-an-address other\n\n10.0.0.1 api\n");
    const hosts = createHostsFile(file);
    expect(hosts.value.get("api.test")).to.deep.equal(["10.0.0.1"]);
    expect(hosts.value.get("api")).to.deep.equal(["10.0.0.1", "::1"]);
    expect(hosts.value.get("other")).to.equal(undefined);
  });

  it("reads the file again when it changed", async () => {
    const file = path.join(folder, "hosts");
    await writeFile(file, "10.0.0.1 api\n");
    const hosts = createHostsFile(file);
    expect(hosts.value.get("api")).to.deep.equal(["10.0.0.1"]);
    await writeFile(file, "10.0.0.22 api\n");
    expect(hosts.value.get("api")).to.deep.equal(["10.0.0.22"]);
  });

  it("is parsed once after each change, and only when its names are wanted", async () => {
    const file = path.join(folder, "hosts");
    await writeFile(file, "10.0.0.1 api\n");
    const parsed: string[] = [];
    const watched = new WatchedFile(file, (text) => parsed.push(text));
    expect(watched.version).to.equal(1);
    expect(parsed).to.deep.equal([]);
    expect([watched.value, watched.value]).to.deep.equal([1, 1]);
    await writeFile(file, "10.0.0.22 api\n");
    expect([watched.version, parsed.length]).to.deep.equal([2, 1]);
    expect(watched.value).to.equal(2);
    expect(parsed).to.deep.equal(["10.0.0.1 api\n", "10.0.0.22 api\n"]);
  });

  it("has no names when there is no file", () => {
    expect(createHostsFile(path.join(folder, "none")).value.size).to.equal(0);
  });
});
