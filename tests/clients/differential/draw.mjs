// Choices determined by a seed (mulberry32).

export class Draw {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  number() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(bound) {
    return Math.floor(this.number() * bound);
  }

  // True so many times in a hundred.
  percent(chance) {
    return this.number() * 100 < chance;
  }

  one(list) {
    return list[this.below(list.length)];
  }

  // Some of a list, in its order.
  some(list, chance) {
    return list.filter(() => this.percent(chance));
  }
}
