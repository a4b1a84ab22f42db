"""The whole batch, where several replicas hold a part of it each."""

import tensorflow as tf


def replicas() -> int:
    """The number of replicas that take this step together; 1 outside a replica context."""
    context = tf.distribute.get_replica_context()
    return context.num_replicas_in_sync if context else 1


def global_batch(labels: tf.Tensor, embeddings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """All replicas' samples: (B / R,) and (B / R, D) of this replica to (B,) and (B, D); carries the gradient.

    Labels up to 2^24 pass through float32 unchanged.
    """
    if replicas() == 1:
        return labels, embeddings
    # In one collective: two of them side by side may be matched with each other.
    packed = tf.concat([embeddings, tf.cast(labels, embeddings.dtype)[:, None]], axis=1)
    packed = tf.distribute.get_replica_context().all_gather(packed, axis=0)
    return tf.cast(packed[:, -1], labels.dtype), packed[:, :-1]


def global_mean(total: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """A replica's part of a loss that is averaged over the R replicas: R x its ``total`` / the global ``count``."""
    return total * replicas() / tf.maximum(count, 1)
