/* SPDX-License-Identifier: MIT */
/* Doubly linked lists through their elements: a ring of links, one of which is the list's head.
 *
 * Invariants, for every link x on a list: x->next->prev == x and x->prev->next == x. An empty list
 * is a head linked to itself. Hence an element leaves without naming its list, and nothing here
 * branches. What the links of an element hold while it is on no list is its owner's business. */
#ifndef WEFT_RUNTIME_LIST_H
#define WEFT_RUNTIME_LIST_H

#include <stdbool.h>

/* Defines struct weft_list: what lives in the user's memory embeds it. */
#include <weft/base.h>

static inline void weft__list_init(struct weft_list *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool weft__list_is_empty(const struct weft_list *list)
{
    return list->next == list;
}

static inline void weft__list_push_back(struct weft_list *list, struct weft_list *node)
{
    struct weft_list *last = list->prev;

    /* The node's two links are written apart, lest the compiler joins them into one vector store:
     * that is slower to make and to read back. */
    node->next = list;
    list->prev = node;
    node->prev = last;
    last->next = node;
}

/* Takes the node off its list; its own links stay as they were, and mean nothing. */
static inline void weft__list_remove(struct weft_list *node)
{
    struct weft_list *next = node->next;
    struct weft_list *prev = node->prev;

    prev->next = next;
    next->prev = prev;
}

/* Takes the node off its list and links it to itself, so that taking it off again does no harm. */
static inline void weft__list_remove_init(struct weft_list *node)
{
    weft__list_remove(node);
    weft__list_init(node);
}

/* The list is not empty. */
static inline struct weft_list *weft__list_pop_front(struct weft_list *list)
{
    struct weft_list *first = list->next;

    weft__list_remove(first);
    return first;
}

/* Moves all of `from`, in order, to the end of `list`; `from` is then empty. */
static inline void weft__list_splice_back(struct weft_list *list, struct weft_list *from)
{
    struct weft_list *tail = list->prev;
    struct weft_list *last = from->prev;

    /* Join the two rings, both heads in it, then take the second head out. */
    tail->next = from;
    from->prev = tail;
    last->next = list;
    list->prev = last;
    weft__list_remove_init(from);
}

#endif
