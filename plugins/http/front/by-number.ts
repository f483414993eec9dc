/**
 * Things that come and go, by a number. No Map holds them: V8's tables of entries that come and go keep them alive long after (ADR 0060). The Map here
 * holds only numbers.
 */
export class ByNumber<T> {
  readonly #places = new Map<number, number>();
  readonly #numbers: number[] = [];
  readonly #values: T[] = [];

  get size(): number {
    return this.#values.length;
  }

  /** All of them now. */
  get all(): readonly T[] {
    return [...this.#values];
  }

  get(number: number): T | undefined {
    const place = this.#places.get(number);
    return place === undefined ? undefined : this.#values[place];
  }

  /** Adds one, with a number that no other has. */
  add(number: number, value: T): void {
    this.#places.set(number, this.#values.length);
    this.#numbers.push(number);
    this.#values.push(value);
  }

  /** The last one takes the place of the one that goes. */
  delete(number: number): void {
    const place = this.#places.get(number);
    const [lastNumber, last] = [this.#numbers.at(-1), this.#values.at(-1)];
    if (place === undefined || lastNumber === undefined) return;
    this.#numbers[place] = lastNumber;
    this.#values[place] = last as T;
    this.#places.set(lastNumber, place);
    this.#places.delete(number);
    this.#numbers.pop();
    this.#values.pop();
  }
}
