/**
 * The browser's storage without the headers that are written into the editor: they may carry
 * tokens, and GraphiQL keeps them with each query of its history.
 */
export const storage = {
  get length() {
    return localStorage.length;
  },
  key: (index) => localStorage.key(index),
  getItem: (name) => localStorage.getItem(name),
  removeItem: (name) => localStorage.removeItem(name),
  clear: () => localStorage.clear(),
  setItem: (name, value) => localStorage.setItem(name, withoutHeaders(value)),
};

function withoutHeaders(value) {
  try {
    const drop = (name, one) => (name === "headers" ? undefined : one);
    return JSON.stringify(JSON.parse(value, drop));
  } catch {
    return value;
  }
}
