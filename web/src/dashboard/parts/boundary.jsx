import { Component } from "preact";
import { Failure } from "./states.jsx";

/** Keeps the rest of the page when a part of it cannot be drawn. */
export class Boundary extends Component {
  state = {};

  componentDidCatch(error) {
    this.setState({ error });
  }

  render({ children }, { error }) {
    return error ? (
      <Failure
        message={`This part could not be shown: ${error.message}`}
        again={() => this.setState({ error: undefined })}
      />
    ) : (
      children
    );
  }
}
