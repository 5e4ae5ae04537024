/* Calls of compiled functions with the arguments of a Python call.
 *
 * A plan says what one function takes at given sizes.  Its call checks that the arguments are
 * exactly that: floats, ints, and arrays of NumPy of the right element type and shape, contiguous
 * and aligned.  It takes their addresses, calls, and returns a tuple of new arrays and numbers.
 * Where the arguments are anything else it returns NotImplemented, and Python code converts or
 * refuses them.
 *
 * No header or library of Python or NumPy is used: functions come by address (`gradc_begin`), and
 * of an object the type and the leading members of an array are read, which both keep for compiled
 * modules; `gradc_look` lets the caller see that they are where they are expected.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* One argument of a function. */
typedef union {
    double real;
    float single;
    int64_t integer;
    void *data;
} slot;

/* What an argument or a result is; numbers as in `caller.py`. */
enum kind { REAL, INTEGER, SINGLE, TRUTH, ARRAY };

/* Functions and objects of Python, in the order of `caller.py`. */
static struct {
    double (*double_of)(void *);
    long long (*integer_of)(void *, int *);
    void *(*from_double)(double);
    void *(*from_integer)(long long);
    void *(*from_truth)(long);
    void *(*new_tuple)(intptr_t);
    int (*set_item)(void *, intptr_t, void *);
    void *(*call)(void *, ...);
    void (*keep)(void *);
    void (*drop)(void *);
    void *(*save)(void);
    void (*restore)(void *);
    void *(*no_memory)(void);
    void (*set_error)(void *, void *);
    void *(*new_capsule)(void *, const char *, void (*)(void *));
    void *(*capsule_pointer)(void *, const char *);
    void *(*new_function)(void *, void *, void *);
    void *none;
    void *not_implemented;
    void *float_type;
    void *int_type;
    void *array_type;
    void *fault; /* the exception of an index out of range */
} python;

static intptr_t head; /* the bytes that every object of Python begins with */
static char forked;   /* this process is the copy of one whose threads it does not have */

/* What follows them in an array of NumPy. */
typedef struct {
    char *data;
    int rank;
    intptr_t *shape;
    intptr_t *strides;
    void *base;
    void *descr;
    int flags;
} array;

enum { CONTIGUOUS = 0x1, ALIGNED = 0x100, WRITEABLE = 0x400 };

/* One argument or one result of a function. */
typedef struct {
    int64_t kind;
    int64_t element;    /* of an array: the kind of its elements */
    int64_t position;   /* its slot */
    int64_t limit;      /* an integer is below it, where it is not negative */
    int64_t rank;
    int64_t count;      /* of the elements */
    int64_t width;      /* the bytes of one */
    const int64_t *shape;
    void *descr;        /* of an array: what NumPy describes its elements with */
    void *shape_tuple;  /* of a result: for what makes an array */
    void *maker;        /* of a result: makes an array, as numpy.empty does */
} item;

/* A function at given sizes. */
typedef struct {
    int (*function)(const slot *);
    int64_t arguments, results, slots;
    int64_t workspace, fault; /* the slots of both; -1 for none */
    int64_t bytes;            /* of the workspace */
    int64_t large;            /* other threads of Python go on meanwhile */
    int64_t threads;          /* at most so many; 0 for as many as OpenMP takes by itself */
    const item *items; /* of the arguments, then of the results */
    const slot *fixed; /* the slots, with sizes and other constants filled in */
    void *owner;       /* what holds the memory of all of this */
    char *memory;      /* the workspace, from one call to the next */
    char busy;         /* a call uses it */
} plan;

static const char NAME[] = "gradc plan";

static void *type_of(void *object)
{
    return *(void **)(void *)((char *)object + head - sizeof(void *));
}

static const array *array_of(void *object)
{
    return (const array *)(void *)((char *)object + head);
}

EXPORT void gradc_begin(void *const *table, intptr_t size)
{
    memcpy(&python, table, sizeof python);
    head = size;
}

/* OpenMP would wait for its threads for ever, which a copy of a process lacks. */
EXPORT void gradc_forked(void)
{
    forked = 1;
}

/* The members of an array, for comparison with what NumPy says of it. */
EXPORT void gradc_look(void *object, int64_t *members)
{
    const array *found = array_of(object);
    members[0] = (intptr_t)type_of(object);
    members[1] = (intptr_t)found->data;
    members[2] = found->rank;
    members[3] = found->shape[0];
    members[4] = (intptr_t)found->descr;
    members[5] = found->flags;
}

/* An integer is one that a double holds exactly, and where it is an index, a valid one. */
static int is_valid(int64_t number, int64_t limit)
{
    const int64_t exact = (int64_t)1 << 53;
    return limit >= 0 ? 0 <= number && number < limit : -exact < number && number < exact;
}

static int is_array(void *object, const item *want, int flags)
{
    if (type_of(object) != python.array_type)
        return 0;
    const array *found = array_of(object);
    if (found->descr != want->descr || found->rank != want->rank)
        return 0;
    if ((found->flags & flags) != flags)
        return 0;
    for (int64_t axis = 0; axis < want->rank; axis++)
        if (found->shape[axis] != want->shape[axis])
            return 0;
    return 1;
}

/* Takes one argument; 0 where it is not exactly what is wanted. */
static int take(void *object, const item *want, slot *into)
{
    void *type = type_of(object);
    if (want->kind == ARRAY) {
        if (!is_array(object, want, CONTIGUOUS | ALIGNED))
            return 0;
        into->data = array_of(object)->data;
        if (want->element == INTEGER) {
            const int64_t *numbers = into->data;
            for (int64_t i = 0; i < want->count; i++)
                if (!is_valid(numbers[i], want->limit))
                    return 0;
        }
        return 1;
    }
    if (want->kind == INTEGER) {
        int overflow = 0;
        if (type != python.int_type)
            return 0;
        into->integer = python.integer_of(object, &overflow);
        return !overflow && is_valid(into->integer, want->limit);
    }
    if (type != python.float_type)
        return 0;
    double number = python.double_of(object);
    if (want->kind == SINGLE)
        into->single = (float)number;
    else
        into->real = number;
    return 1;
}

/* Whether two arrays share memory. */
static int overlap(const slot *slots, const item *one, const item *other)
{
    const char *first = slots[one->position].data, *second = slots[other->position].data;
    return first < second + other->count * other->width
        && second < first + one->count * one->width;
}

/* A result as an object of Python: a new array, the one that the caller gives, or NULL. */
static void *result_array(const item *want, void *given, slot *into)
{
    void *object = given;
    if (given != NULL)
        python.keep(given);
    else
        object = python.call(want->maker, want->shape_tuple, want->descr, NULL);
    if (object != NULL)
        into->data = array_of(object)->data;
    return object;
}

static void *number(const item *result, slot value)
{
    switch (result->kind) {
    case INTEGER:
        return python.from_integer(value.integer);
    case TRUTH:
        return python.from_truth(*(unsigned char *)&value);
    case SINGLE:
        return python.from_double(value.single);
    default:
        return python.from_double(value.real);
    }
}

static char *aligned(char *memory)
{
    return memory + (64 - (uintptr_t)memory % 64) % 64;
}

/* Calls the function with as many threads as are wanted, of OpenMP and of Python. */
static int with_threads(const plan *p, const slot *slots)
{
    void *state = p->large ? python.save() : NULL;
#ifdef _OPENMP
    int threads = forked ? 1 : (int)p->threads;
    int before = threads ? omp_get_max_threads() : 0;
    if (threads)
        omp_set_num_threads(threads);
#endif
    int status = p->function(slots);
#ifdef _OPENMP
    if (threads)
        omp_set_num_threads(before);
#endif
    if (p->large)
        python.restore(state);
    return status;
}

/* Calls the function, with a workspace where it needs one; -1 where memory does not suffice. */
static int run(plan *p, slot *slots)
{
    char *memory = NULL;
    int own = 0;
    if (p->workspace >= 0) {
        own = !__atomic_exchange_n(&p->busy, 1, __ATOMIC_ACQUIRE);
        if (own && p->memory == NULL)
            p->memory = malloc((size_t)p->bytes + 64);
        memory = own ? p->memory : malloc((size_t)p->bytes + 64);
        slots[p->workspace].data = memory == NULL ? NULL : aligned(memory);
    }
    int status = -1;
    if (p->workspace < 0 || memory != NULL)
        status = with_threads(p, slots);
    if (own)
        __atomic_store_n(&p->busy, 0, __ATOMIC_RELEASE);
    else
        free(memory);
    return status;
}

/* The exception of a call that failed: an index out of range, or no memory. */
static void *failed(int status, const int64_t *fault)
{
    if (status < 0)
        return python.no_memory();
    void *what = python.new_tuple(3);
    if (what == NULL)
        return NULL;
    python.set_item(what, 0, python.from_integer(status));
    python.set_item(what, 1, python.from_integer(fault[0]));
    python.set_item(what, 2, python.from_integer(fault[1]));
    python.set_error(python.fault, what);
    python.drop(what);
    return NULL;
}

/* All results in a tuple, after the call; the function writes numbers into `values`. */
static void *compute(plan *p, slot *slots, slot *values, void *const *given)
{
    const item *results = p->items + p->arguments;
    int64_t fault[2] = {0, 0};
    void *found = python.new_tuple((intptr_t)p->results);
    if (found == NULL)
        return NULL;
    for (int64_t k = 0; k < p->results; k++) {
        slot *into = &slots[results[k].position];
        if (results[k].kind != ARRAY) {
            into->data = &values[k];
            continue;
        }
        void *own = given == NULL || given[k] == python.none ? NULL : given[k];
        void *made = result_array(&results[k], own, into);
        if (made == NULL) {
            python.drop(found);
            return NULL;
        }
        python.set_item(found, (intptr_t)k, made);
    }
    if (p->fault >= 0)
        slots[p->fault].data = fault;
    int status = run(p, slots);
    if (status != 0) {
        python.drop(found);
        return failed(status, fault);
    }
    for (int64_t k = 0; k < p->results; k++)
        if (results[k].kind != ARRAY)
            python.set_item(found, (intptr_t)k, number(&results[k], values[k]));
    return found;
}

/* Whether the arrays that the caller gives for results can be written to: no memory is read or
 * written as another argument, too. */
static int accept(const plan *p, slot *slots, void *const *given)
{
    const item *results = p->items + p->arguments;
    for (int64_t k = 0; k < p->results; k++) {
        const item *own = &results[k];
        if (given[k] == python.none)
            continue;
        if (own->kind != ARRAY || !is_array(given[k], own, CONTIGUOUS | ALIGNED | WRITEABLE))
            return 0;
        slots[own->position].data = array_of(given[k])->data;
        for (const item *other = p->items; other < own; other++) {
            int here = other < results || given[other - results] != python.none;
            if (here && other->kind == ARRAY && overlap(slots, own, other))
                return 0;
        }
    }
    return 1;
}

static void *call(void *self, void *const *arguments, intptr_t count)
{
    plan *p = python.capsule_pointer(self, NAME);
    void *const *given = count == p->arguments + p->results ? arguments + p->arguments : NULL;
    void *found = python.not_implemented;
    slot few[64], *slots = few;
    if (count != p->arguments && given == NULL) {
        python.keep(found);
        return found;
    }
    if (p->slots + p->results > 64) {
        slots = malloc((size_t)(p->slots + p->results) * sizeof(slot));
        if (slots == NULL)
            return python.no_memory();
    }
    memcpy(slots, p->fixed, (size_t)p->slots * sizeof(slot));
    int fits = 1;
    for (int64_t k = 0; fits && k < p->arguments; k++)
        fits = take(arguments[k], &p->items[k], &slots[p->items[k].position]);
    if (fits && (given == NULL || accept(p, slots, given)))
        found = compute(p, slots, slots + p->slots, given);
    else
        python.keep(found);
    if (slots != few)
        free(slots);
    return found;
}

/* What `PyMethodDef` is. */
static struct {
    const char *name;
    void *(*function)(void *, void *const *, intptr_t);
    int flags; /* 0x80: METH_FASTCALL */
    const char *doc;
} definition = {"gradc_call", call, 0x80, NULL};

static void end(void *capsule)
{
    plan *p = python.capsule_pointer(capsule, NAME);
    free(p->memory);
    python.drop(p->owner);
    free(p);
}

/* A function of Python that calls by a plan; `owner` lives as long as it does. */
EXPORT void *gradc_function(const plan *given, void *owner)
{
    plan *p = malloc(sizeof *p);
    if (p == NULL)
        return python.no_memory();
    *p = *given;
    p->memory = NULL;
    p->busy = 0;
    p->owner = owner;
    python.keep(owner);
    void *capsule = python.new_capsule(p, NAME, end);
    if (capsule == NULL)
        return NULL;
    void *found = python.new_function(&definition, capsule, NULL);
    python.drop(capsule);
    return found;
}
