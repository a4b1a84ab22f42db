// The probabilities of a face's expressions, as fer_md.pretrained.lite has them.

// The mean over networks, and, with a shift, softmax(log p + shift), which corrects for what they learned too often.
export async function classify(networks, face, size, shift) {
  const answers = [];
  for (const network of networks) answers.push(await network.call(face, [1, size, size, 1], [1, shift.length]));
  const means = shift.map((_, index) => answers.reduce((sum, answer) => sum + answer[index], 0) / answers.length);
  return softmax(means.map((mean, index) => Math.log(mean + 1e-12) + shift[index]));
}

function softmax(logits) {
  const most = Math.max(...logits), powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((first, second) => first + second);
  return powers.map((power) => power / sum);
}
