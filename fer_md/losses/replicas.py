"""The whole batch, where several replicas hold a part of it each."""

import threading

import tensorflow as tf


def replicas():
    """The replica context if there is more than one replica, else None."""
    context = tf.distribute.get_replica_context()
    return context if context is not None and context.num_replicas_in_sync > 1 else None


def replica_thread():
    """What tells this replica from the others of the process, each of which runs in a thread; None for a single one."""
    return threading.get_ident() if replicas() else None


def global_batch(embeddings, labels):
    """All replicas' samples: (B / R, D) and (B / R,) of this replica to (B, D) and (B,); carries the gradient.

    Labels up to 2^24 pass through float32 unchanged.
    """
    context = replicas()
    if context is None:
        return embeddings, labels
    # In one collective: two of them side by side may be matched with each other.
    packed = tf.concat([embeddings, tf.cast(labels, embeddings.dtype)[:, None]], axis=1)
    packed = context.all_gather(packed, axis=0)
    return packed[:, :-1], tf.cast(packed[:, -1], labels.dtype)


def global_mean(total, count):
    """What a replica adds to a loss that is then averaged over replicas: R x its ``total`` / global ``count``."""
    context = replicas()
    return total * (context.num_replicas_in_sync if context else 1) / tf.maximum(count, 1)
