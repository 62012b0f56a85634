/* SPDX-License-Identifier: MIT */
/* One producer and one consumer, written twice: with a lock, condition variables and a queue, and
 * with a channel. The values come out on standard output, the times on standard error. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <weft.h>

enum { VALUES = 200000, QUEUE_MAX = 16 };

/* ---- with a lock and a queue ---- */

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    int values[QUEUE_MAX];
    unsigned put, taken; /* how many so far */
    bool closed;
};

static void queue_put(struct queue *q, int value)
{
    pthread_mutex_lock(&q->lock);
    while (q->put - q->taken == QUEUE_MAX)
        pthread_cond_wait(&q->not_full, &q->lock);
    q->values[q->put++ % QUEUE_MAX] = value;
    pthread_cond_signal(&q->not_empty);
    pthread_mutex_unlock(&q->lock);
}

static void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->not_empty);
    pthread_mutex_unlock(&q->lock);
}

static bool queue_take(struct queue *q, int *value)
{
    bool taken;

    pthread_mutex_lock(&q->lock);
    while (q->put == q->taken && !q->closed)
        pthread_cond_wait(&q->not_empty, &q->lock);
    taken = q->put != q->taken;
    if (taken) {
        *value = q->values[q->taken++ % QUEUE_MAX];
        pthread_cond_signal(&q->not_full);
    }
    pthread_mutex_unlock(&q->lock);
    return taken;
}

static void *queue_produce(void *queue)
{
    for (int i = 1; i <= VALUES; i++)
        queue_put(queue, i);
    queue_close(queue);
    return NULL;
}

static int64_t queue_consume(void)
{
    static struct queue q = {.lock = PTHREAD_MUTEX_INITIALIZER,
                             .not_empty = PTHREAD_COND_INITIALIZER,
                             .not_full = PTHREAD_COND_INITIALIZER};
    pthread_t producer;
    int64_t sum = 0;
    int value;

    if (pthread_create(&producer, NULL, queue_produce, &q) != 0)
        return -1;
    while (queue_take(&q, &value))
        sum += value;
    pthread_join(producer, NULL);
    return sum;
}

/* ---- with a channel ---- */

static void chan_produce(chan_tx(int) values)
{
    for (int i = 1; i <= VALUES; i++)
        if (chan_send(values, i) < 0)
            return;
    chan_close(values);
}

static int64_t chan_consume(void)
{
    chan(int) values = chan_new(int);
    int64_t sum = 0;

    if (!values || go(chan_produce, values) < 0)
        return -1;
    chan_each(value, values)
        sum += value;
    chan_free(values);
    return sum;
}

/* ---- both ---- */

static bool run(const char *name, int64_t (*consume)(void))
{
    int64_t start_ns = weft_now();
    int64_t sum = consume();
    int64_t took_ns = weft_now() - start_ns;

    printf("consumed 1 to %d, sum %lld\n", VALUES, (long long)sum);
    fprintf(stderr, "%s: %.3f s, %lld ns a value\n", name, (double)took_ns / 1e9,
            (long long)took_ns / VALUES);
    return sum == (int64_t)VALUES * (VALUES + 1) / 2;
}

int main(void)
{
    bool right = run("lock and queue", queue_consume);

    return run("channel", chan_consume) && right ? 0 : 1;
}
