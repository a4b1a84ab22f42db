// Faces of pictures and what they express, as fer_md.Predictor finds them by default.

import { cutFace } from "./alignment.js";
import { classify } from "./classifier.js";
import { detect } from "./detector.js";

export class Predictor {
  // `networks`: {find, confirm, classify}; `about`: {expressions, size, shift}.
  constructor(networks, about) {
    Object.assign(this, { networks, about });
  }

  // The faces {box, score, landmarks, label, probabilities} of a picture.
  async predict(picture) {
    const { expressions, size, shift } = this.about, faces = [];
    for (const face of await detect(this.networks, picture)) {
      const shares = await classify(this.networks.classify, cutFace(picture, face, size), size, shift);
      const label = expressions[shares.indexOf(Math.max(...shares))];
      const probabilities = Object.fromEntries(expressions.map((name, at) => [name, shares[at]]));
      faces.push({ ...face, label, probabilities });
    }
    return faces;
  }
}
