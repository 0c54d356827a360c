/** A run changes each moment while it is running. */
export const OFTEN = 3_000;
export const SELDOM = 30_000;
