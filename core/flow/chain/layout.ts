/** What a chain knows of one of its stages. */
interface KnownStage<Exit> {
  readonly plugin: string | undefined;
  readonly exit?: Exit | undefined;
}

/** A place remembers the layout of the last chain that began there. */
interface Entry<Exit> {
  layout: Layout<Exit> | undefined;
}

/** The plugins of a chain's stages, and the places where chunks reach the first of them and go on behind each. Sessions with the same plugins share it. */
export class Layout<Exit> {
  readonly plugins: readonly (string | undefined)[];
  readonly exits: readonly (Exit | undefined)[];

  private constructor(
    steps: readonly KnownStage<Exit>[],
    readonly entry: Exit | undefined,
  ) {
    this.plugins = steps.map(({ plugin }) => plugin);
    this.exits = steps.map(({ exit }) => exit);
  }

  /** @param entry the place where chunks reach the first stage: the layout of the last chain there is used again, if it is the same */
  static of<Exit extends Entry<Exit>>(steps: readonly KnownStage<Exit>[], entry: Exit | undefined): Layout<Exit> {
    if (entry?.layout?.fits(steps) === true) return entry.layout;
    const layout = new Layout(steps, entry);
    if (entry !== undefined) entry.layout = layout;
    return layout;
  }

  private fits(steps: readonly KnownStage<Exit>[]): boolean {
    const { plugins, exits } = this;
    return plugins.length === steps.length && steps.every(({ plugin, exit }, at) => plugin === plugins[at] && exit === exits[at]);
  }
}
