/* The plugin interface of Hesse, version 1.
 *
 * A library exports one function, `const HesseManifest *hesse_plugin_manifest(void)`, whose result points at a constant.
 * Every struct begins with its size; within a version, structs only grow at their end.
 *
 * Generated from core/src/plugin/raw; a test compares the two. Write it anew with
 * HESSE_BLESS=1 cargo test --test plugins header
 */


#ifndef HESSE_PLUGIN_H
#define HESSE_PLUGIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// IEEE binary32.
#define HesseF32 0

// IEEE binary64.
#define HesseF64 1

// Layout version: a library of another major version is refused.
#define HesseMAJOR 1

// Fields appended since the major version began. 1: a solver's abilities, initial vectors, states and remarks. 2: the
// values that an architecture brings.
#define HesseMINOR 2

// Size of a manifest at version 1.0: what every library of major version 1 has at least.
#define HesseMANIFEST_MIN 88

// An architecture: `table` is a `ModelTable`.
#define HesseKIND_MODEL 1

// An eigensolver: `table` is a `SolverTable`.
#define HesseKIND_SOLVER 2

// An attack: `table` is an `AttackTable`.
#define HesseKIND_ATTACK 3

// A backend: `table` is a `BackendTable`.
#define HesseKIND_BACKEND 4

// Size of a request at version 1.0.
#define HesseEIGEN_REQUEST_MIN 48

// A step was made.
#define HesseEVENT_STEP 1

// A basis was contracted.
#define HesseEVENT_RESTART 2

// Among the largest.
#define HesseEND_LARGEST 0

// Among the smallest.
#define HesseEND_SMALLEST 1

// Every wanted pair is within the tolerance.
#define HesseREASON_CONVERGED 0

// The budget of products is spent.
#define HesseREASON_PRODUCT_LIMIT 1

// The basis spans the whole space.
#define HesseREASON_SPACE_EXHAUSTED 2

// The residuals no longer fall.
#define HesseREASON_STAGNATED 3

// The observer asked to stop.
#define HesseREASON_INTERRUPTED 4

// Size of a report at version 1.0.
#define HesseSOLVER_REPORT_MIN 40

// Initial vectors save it products.
#define HesseABILITY_WARM_START 1

// It can save its state and go on from it to the same bits.
#define HesseABILITY_RESUME 2

// log Σ exp z − z_y.
#define HesseLOSS_CROSS_ENTROPY 0

// max_{k≠y} z_k − z_y.
#define HesseLOSS_MARGIN 1

// (max_{k≠y} z_k − z_y) / (z_(1) − z_(3)).
#define HesseLOSS_DIFFERENCE_OF_LOGITS_RATIO 2

// The largest change of any entry.
#define HesseNORM_LINF 0

// The Euclidean length.
#define HesseNORM_L2 1

// The sum of all changes.
#define HesseNORM_L1 2

// Any class but the label.
#define HesseGOAL_UNTARGETED 0

// The label itself.
#define HesseGOAL_TARGETED 1

// Pixels (`uint8_t`); the value is v / 255.
#define HesseTENSOR_PIXELS 0

// Real numbers (`double`).
#define HesseTENSOR_REAL 1

// Indices (`uint32_t`).
#define HesseTENSOR_INDEX 2

// The network's output.
#define HesseRESULT_OUTPUT 1

// The loss of each sample.
#define HesseRESULT_PER_SAMPLE_LOSS 2

// The next values of the buffer of this `index`.
#define HesseRESULT_BUFFER 3

// What a function returns. A function that does not return [`OK`] may fill its `error` with UTF-8 text.
typedef int32_t HesseStatus;

// Borrowed UTF-8, valid during the call it is passed to (or for ever, in a manifest). Null only where the length is 0.
typedef struct HesseStr {
  // First byte.
  const uint8_t *ptr;
  // Number of bytes.
  size_t len;
} HesseStr;

// What the program offers to a library.
typedef struct HesseHostTable {
  // `sizeof(HostTable)`.
  size_t size;
  // Passed to the functions.
  const void *context;
  // Writes one line where the program's own messages go. Levels: 1 error, 2 warning, 3 information, 4 detail.
  void (*log)(const void *context, uint32_t level, struct HesseStr target, struct HesseStr message);
  // How many threads the library may use at this moment.
  size_t (*threads)(const void *context);
} HesseHostTable;

// One option of an entry.
typedef struct HesseRawOption {
  // The key.
  struct HesseStr name;
  // What holds when it is not given, for people.
  struct HesseStr default_value;
  // One line.
  struct HesseStr help;
  // What values are: `text`, `bool`, `integer>=1`, `real>0`, `one of a|b`, …; see `OptionKind`.
  struct HesseStr kind;
} HesseRawOption;

// Something a library offers.
typedef struct HesseRawEntry {
  // `sizeof(RawEntry)`.
  size_t size;
  // One of the `KIND_` constants; a reader skips kinds it does not know.
  uint32_t kind;
  // What the command line calls it: lower-case letters, digits, `-` and `_`.
  struct HesseStr name;
  // One line.
  struct HesseStr summary;
  // SPDX expression.
  struct HesseStr license;
  // `options_len` options.
  const struct HesseRawOption *options;
  // How many.
  size_t options_len;
  // Passed to the functions that make objects of this entry.
  const void *context;
  // The table of this kind.
  const void *table;
} HesseRawEntry;

// Receives one entry.
typedef void (*HessePushEntry)(void *sink, const struct HesseRawEntry *entry);

// The one thing a library exports: `const Manifest *hesse_plugin_manifest(void)` returns a pointer to a constant one.
typedef struct HesseManifest {
  // [`MAGIC`]. This and the next four fields never change, in any version.
  uint8_t magic[8];
  // Size of the manifest as its author knew it.
  size_t size;
  // [`MAJOR`].
  uint16_t major;
  // [`MINOR`].
  uint16_t minor;
  // Whether a panic can be caught in this library (1, also for C): a library that aborts would end the program.
  uint8_t unwinds;
  // Compiler, target and profile: for people, never a gate.
  struct HesseStr built_with;
  // Name of the package.
  struct HesseStr package;
  // Its version.
  struct HesseStr version;
  // Called once, before anything else. The table lives as long as the process. May be null.
  void (*attach)(const struct HesseHostTable *host);
  // Calls `push` for every entry; what an entry points at lives as long as the process.
  void (*entries)(void *sink, HessePushEntry push);
} HesseManifest;

// Bytes that know how to free themselves: whoever receives them calls `free` once, unless it is null.
typedef struct HesseBytes {
  // First byte.
  uint8_t *ptr;
  // Number of bytes.
  size_t len;
  // For their maker.
  size_t cap;
  // Frees them.
  void (*free)(struct HesseBytes *bytes);
} HesseBytes;

// Receives the value of one parameter or buffer.
typedef void (*HessePushValue)(void *sink, struct HesseStr name, const double *values, size_t len);

// Functions of an architecture.
typedef struct HesseModelTable {
  // `sizeof(ModelTable)`.
  size_t size;
  // Records the network for samples of the sizes `input[0..rank]` and so many classes, in train (1) or eval (0) mode,
  // and writes its stored form (`Graph::to_bytes`) to `graph`.
  HesseStatus (*build)(const void *context,
                       struct HesseStr options,
                       const size_t *input,
                       size_t rank,
                       size_t classes,
                       uint32_t train,
                       struct HesseBytes *graph,
                       struct HesseBytes *error);
  // Calls `push` for every parameter and buffer whose value the architecture itself brings, with its name and its
  // entries, row-major. Absent where there are none. Since version 1.2.
  HesseStatus (*values)(const void *context,
                        struct HesseStr options,
                        const size_t *input,
                        size_t rank,
                        size_t classes,
                        void *sink,
                        HessePushValue push,
                        struct HesseBytes *error);
} HesseModelTable;

// Some columns of a block.
typedef struct HesseColumns {
  // Handle of the block; 0 is none.
  uint64_t block;
  // First column.
  size_t start;
  // How many.
  size_t count;
} HesseColumns;

// Arithmetic on blocks of vectors of one length. Small matrices are column-major. Every function may be called from
// any thread, but a block that is written by one call must not be used by another at the same time: such a call fails.
typedef struct HesseSpaceTable {
  // `sizeof(SpaceTable)`.
  size_t size;
  // Passed to the functions.
  const void *context;
  // Length of every vector.
  size_t dimension;
  // `F32` or `F64`: the stored type.
  uint32_t precision;
  // Adds an owner to the context, so that it outlives the call it was passed to.
  void (*retain)(const void *context);
  // Takes an owner away.
  void (*release)(const void *context);
  // A new block of so many zero vectors.
  HesseStatus (*zeros)(const void *context, size_t columns, uint64_t *block, struct HesseBytes *error);
  // Frees a block; an unknown handle is ignored.
  void (*free)(const void *context, uint64_t block);
  // Sets one column from `len` numbers.
  HesseStatus (*write)(const void *context,
                       uint64_t block,
                       size_t column,
                       const double *values,
                       size_t len,
                       struct HesseBytes *error);
  // Reads one column into `len` numbers.
  HesseStatus (*read)(const void *context,
                      uint64_t block,
                      size_t column,
                      double *values,
                      size_t len,
                      struct HesseBytes *error);
  // `XᵀY`, as `x.count * y.count` numbers.
  HesseStatus (*gram)(const void *context,
                      struct HesseColumns x,
                      struct HesseColumns y,
                      double *out,
                      size_t len,
                      struct HesseBytes *error);
  // `Y ← β Y + X C` with `C` of `x.count * y.count` numbers; X and Y are different blocks.
  HesseStatus (*combine)(const void *context,
                         struct HesseColumns y,
                         double beta,
                         struct HesseColumns x,
                         const double *c,
                         size_t len,
                         struct HesseBytes *error);
  // Copies columns to columns of another block.
  HesseStatus (*copy)(const void *context,
                      struct HesseColumns from,
                      struct HesseColumns to,
                      struct HesseBytes *error);
  // Multiplies each column by its factor.
  HesseStatus (*scale)(const void *context,
                       struct HesseColumns x,
                       const double *factors,
                       size_t len,
                       struct HesseBytes *error);
} HesseSpaceTable;

// A symmetric linear map on the vectors of a space.
typedef struct HesseOperatorTable {
  // `sizeof(OperatorTable)`.
  size_t size;
  // Passed to the functions; valid during the call that brought the table.
  const void *context;
  // The space of its vectors.
  const struct HesseSpaceTable *space;
  // `Y ← A X`, as many columns as in X; X and Y are different blocks.
  HesseStatus (*apply)(const void *context,
                       struct HesseColumns x,
                       struct HesseColumns y,
                       struct HesseBytes *error);
} HesseOperatorTable;

// Makes an object from `key=value,…`.
typedef HesseStatus (*HesseCreate)(const void *context,
                                   struct HesseStr options,
                                   void **object,
                                   struct HesseBytes *error);

// Destroys an object that a table made.
typedef void (*HesseDestroy)(void *object);

// What is wanted of a solver; see `EigenRequest`.
typedef struct HesseRawEigenRequest {
  // `sizeof(RawEigenRequest)`.
  size_t size;
  // How many algebraically largest pairs.
  size_t largest;
  // How many algebraically smallest pairs.
  size_t smallest;
  // Bound on ‖Av − λv‖ / ‖A‖.
  double tolerance;
  // The most columns that may be multiplied.
  size_t max_products;
  // Seed of every random choice.
  uint64_t seed;
  // Since 1.1: vectors near the wanted ones, a block of the operator's space that passes to the solver; block 0 for none.
  // Only for a solver that can start from them.
  struct HesseColumns initial;
  // Since 1.1: a state to go on from, of `state_len` bytes, or null. Only for a solver that can resume.
  const uint8_t *state;
  // Since 1.1: its length.
  size_t state_len;
} HesseRawEigenRequest;

// What happens while a solver runs.
typedef struct HesseRawEvent {
  // `sizeof(RawEvent)`.
  size_t size;
  // One of the `EVENT_` constants.
  uint32_t kind;
  // Columns multiplied.
  size_t products;
  // Wanted pairs within the tolerance.
  size_t converged;
  // The largest residual (relative) among the wanted pairs.
  double worst_residual;
} HesseRawEvent;

// Bookkeeping; see `EigenStatistics`. Zero where a solver does not count.
typedef struct HesseRawStatistics {
  // `sizeof(RawStatistics)`.
  size_t size;
  // Columns multiplied by the operator.
  size_t products;
  // Restarts of the basis.
  size_t restarts;
  // Inner products of two vectors.
  size_t inner_products;
  // Gram–Schmidt passes over the basis.
  size_t orthogonalizations;
  // Times the basis became invariant.
  size_t breakdowns;
  // Pairs locked before the end.
  size_t locked;
  // Largest basis held.
  size_t basis_size;
  // Estimate of the operator's norm.
  double norm_estimate;
  // Largest Ritz value seen.
  double largest_ritz;
  // Smallest Ritz value seen.
  double smallest_ritz;
  // Seconds in products.
  double product_seconds;
  // Seconds in orthogonalisation.
  double orthogonalization_seconds;
  // Seconds in all.
  double seconds;
} HesseRawStatistics;

// Where a solver reports. All functions must be called from the thread that called `solve`.
typedef struct HesseSolverReport {
  // `sizeof(SolverReport)`.
  size_t size;
  // Passed to the functions.
  void *context;
  // Tells what happens; returns 1 where the solver should stop and return what it has, else 0.
  uint32_t (*event)(void *context, const struct HesseRawEvent *event);
  // One eigenpair: its end, its value, its residual ‖Av − λv‖ / |λ₁|, whether that is within the tolerance, and the
  // column of its vector. In order: largest values falling, smallest rising.
  void (*pair)(void *context, uint32_t end, double value, double residual, uint32_t converged, size_t column);
  // The end: a block of the operator's space with one orthonormal column per pair (it passes to the caller), the
  // reason, and the bookkeeping.
  void (*finish)(void *context, uint64_t vectors, uint32_t reason, const struct HesseRawStatistics *statistics);
  // Since 1.1: one line that a reader of the result should know. May be null.
  void (*remark)(void *context, struct HesseStr text);
  // Since 1.1: whether a state is wanted after so many products: 1 or 0. Null where none is ever wanted.
  uint32_t (*state_due)(void *context, size_t products);
  // Since 1.1: hands a state over, when one is due or the run is interrupted. Null where none is wanted.
  void (*state)(void *context, const uint8_t *state, size_t len);
} HesseSolverReport;

// Functions of an eigensolver.
typedef struct HesseSolverTable {
  // `sizeof(SolverTable)`.
  size_t size;
  // Makes one from its options.
  HesseCreate create;
  // Destroys one.
  HesseDestroy destroy;
  // Finds the wanted pairs; may be called from several threads at once.
  HesseStatus (*solve)(const void *solver,
                       const struct HesseOperatorTable *operator,
                       const struct HesseRawEigenRequest *request,
                       const struct HesseSolverReport *report,
                       struct HesseBytes *error);
  // Since 1.1: what it can do beyond that, a sum of `ABILITY_` constants. Null for nothing.
  uint32_t (*abilities)(const void *solver);
} HesseSolverTable;

// A network seen from its inputs; see `InputOracle`. `n` is the number of samples of a call, at the caller's choice;
// `samples` are `n * samples_len` numbers, row-major.
typedef struct HesseOracleTable {
  // `sizeof(OracleTable)`.
  size_t size;
  // Passed to the functions; valid during the call that brought the table.
  const void *context;
  // Sizes of one sample.
  const size_t *shape;
  // How many.
  size_t rank;
  // Their product.
  size_t sample_len;
  // The number of classes.
  size_t classes;
  // `n * classes` logits.
  HesseStatus (*logits)(const void *context,
                        size_t n,
                        const double *samples,
                        double *logits,
                        struct HesseBytes *error);
  // `n` losses and `n * sample_len` gradients.
  HesseStatus (*loss_gradient)(const void *context,
                               size_t n,
                               const double *samples,
                               const uint32_t *labels,
                               uint32_t loss,
                               double *losses,
                               double *gradient,
                               struct HesseBytes *error);
  // H_x v per sample: `n * sample_len` numbers from as many.
  HesseStatus (*hessian_product)(const void *context,
                                 size_t n,
                                 const double *samples,
                                 const uint32_t *labels,
                                 uint32_t loss,
                                 const double *v,
                                 double *out,
                                 struct HesseBytes *error);
  // J v per sample: `n * classes` numbers from `n * sample_len`.
  HesseStatus (*jacobian_product)(const void *context,
                                  size_t n,
                                  const double *samples,
                                  const double *v,
                                  double *out,
                                  struct HesseBytes *error);
  // Jᵀ u per sample: `n * sample_len` numbers from `n * classes`.
  HesseStatus (*transposed_jacobian_product)(const void *context,
                                             size_t n,
                                             const double *samples,
                                             const double *u,
                                             double *out,
                                             struct HesseBytes *error);
} HesseOracleTable;

// The samples to attack and what is allowed; see `AttackRequest`.
typedef struct HesseRawAttackRequest {
  // `sizeof(RawAttackRequest)`.
  size_t size;
  // The number of samples.
  size_t n;
  // `n * sample_len` numbers.
  const double *samples;
  // `n` classes.
  const uint32_t *labels;
  // One of the `GOAL_` constants.
  uint32_t goal;
  // One of the `NORM_` constants.
  uint32_t norm;
  // The smallest value of an entry.
  double lower;
  // The largest value of an entry.
  double upper;
  // The largest norm of a perturbation.
  double epsilon;
  // Position of each sample in its data set.
  const size_t *indices;
  // Seed of every random choice.
  uint64_t seed;
} HesseRawAttackRequest;

// Tells that a step was made, with the loss of each sample; returns 1 where the attack should stop, else 0.
typedef uint32_t (*HesseAttackStepFunction)(void *context, size_t step, const double *losses, size_t n);

// Functions of an attack.
typedef struct HesseAttackTable {
  // `sizeof(AttackTable)`.
  size_t size;
  // Makes one from its options.
  HesseCreate create;
  // Destroys one.
  HesseDestroy destroy;
  // 1 where one run serves every ε (minimal perturbations), 0 where each ε needs its own run.
  uint32_t (*minimal)(const void *attack);
  // Writes perturbed samples, `n * sample_len` numbers, to `out`.
  HesseStatus (*run)(const void *attack,
                     const struct HesseOracleTable *oracle,
                     const struct HesseRawAttackRequest *request,
                     void *observer,
                     HesseAttackStepFunction step,
                     double *out,
                     struct HesseBytes *error);
} HesseAttackTable;

// What is asked of a backend; see `BackendRequest`.
typedef struct HesseRawBackendRequest {
  // `sizeof(RawBackendRequest)`.
  size_t size;
  // `cpu`, `cuda`, `cuda:1`, …
  struct HesseStr device;
  // `F32` or `F64`: the compute type.
  uint32_t precision;
  // Number of threads; 0 for all cores.
  size_t threads;
} HesseRawBackendRequest;

// What a backend says of itself; see `BackendInfo`.
typedef struct HesseRawBackendInfo {
  // `sizeof(RawBackendInfo)`.
  size_t size;
  // `F32` or `F64`.
  uint32_t precision;
  // Number of threads.
  size_t threads;
} HesseRawBackendInfo;

// What a program reads; see `Feed`. A handle 0 stands for what is not given.
typedef struct HesseRawFeed {
  // `sizeof(RawFeed)`.
  size_t size;
  // One column.
  struct HesseColumns parameters;
  // One column.
  struct HesseColumns buffers;
  // k columns.
  struct HesseColumns direction;
  // Tensor.
  uint64_t samples;
  // Tensor.
  uint64_t labels;
  // Tensor.
  uint64_t targets;
  // Kept values.
  uint64_t saved;
  // Dropout masks.
  const uint64_t *masks;
  // How many.
  size_t masks_len;
} HesseRawFeed;

// Where a program's results go.
typedef struct HesseRunReport {
  // `sizeof(RunReport)`.
  size_t size;
  // Passed to the functions.
  void *context;
  // The sum-reduced loss and the sum of weights.
  void (*loss)(void *context, double loss, double weight);
  // Numbers that return to the host; `kind` is one of the `RESULT_` constants.
  void (*values)(void *context, uint32_t kind, size_t index, const double *values, size_t len);
} HesseRunReport;

// Functions of a backend.
typedef struct HesseBackendTable {
  // `sizeof(BackendTable)`.
  size_t size;
  // The devices it can use, one per line.
  HesseStatus (*devices)(const void *context, struct HesseBytes *devices, struct HesseBytes *error);
  // Opens one.
  HesseStatus (*open)(const void *context,
                      const struct HesseRawBackendRequest *request,
                      void **backend,
                      struct HesseBytes *error);
  // Closes one, and frees whatever handles of it are left.
  HesseDestroy close;
  // Who it is; `device` and `details` are text.
  HesseStatus (*info)(const void *backend,
                      struct HesseRawBackendInfo *info,
                      struct HesseBytes *device,
                      struct HesseBytes *details,
                      struct HesseBytes *error);
  // Fills a table for vectors of this length; it comes with one owner, to be `release`d.
  HesseStatus (*space)(const void *backend,
                       size_t dimension,
                       uint32_t precision,
                       struct HesseSpaceTable *space,
                       struct HesseBytes *error);
  // Copies `len` numbers of one of the `TENSOR_` types to the device.
  HesseStatus (*upload)(const void *backend,
                        uint32_t kind,
                        const void *values,
                        size_t len,
                        uint64_t *tensor,
                        size_t *bytes,
                        struct HesseBytes *error);
  // Frees a tensor or kept values; an unknown handle is ignored.
  void (*free)(const void *backend, uint64_t tensor);
  // Prepares a program (`Program::to_bytes`) for a batch size.
  HesseStatus (*compile)(const void *backend,
                         struct HesseStr program,
                         size_t batch,
                         void **executable,
                         struct HesseBytes *error);
  // Destroys an executable, which may outlive its backend.
  HesseDestroy destroy;
  // Runs it; see `Executable::run`.
  HesseStatus (*run)(void *executable,
                     const struct HesseRawFeed *feed,
                     struct HesseColumns result,
                     uint64_t keep,
                     const struct HesseRunReport *report,
                     struct HesseBytes *error);
  // Memory for kept values.
  HesseStatus (*new_saved)(const void *executable, uint64_t *saved, size_t *bytes, struct HesseBytes *error);
  // Bytes of kept values (0) or of working memory (1).
  size_t (*bytes)(const void *executable, uint32_t which);
  // Names the first primitive whose result is not finite; empty where there is none.
  HesseStatus (*first_not_finite)(void *executable,
                                  const struct HesseRawFeed *feed,
                                  struct HesseBytes *place,
                                  struct HesseBytes *error);
} HesseBackendTable;

// Done.
#define HesseOK 0

// Failed; the message says why.
#define HesseFAILED 1

// Panicked; the message is the panic's.
#define HessePANICKED 2

// Someone asked to stop.
#define HesseINTERRUPTED 3

// The device has too little memory; the message is `out of memory on DEVICE: N bytes wanted`, and what may follow. Since
// version 1.2; an older program takes it for a failure.
#define HesseOUT_OF_MEMORY 4

#endif  /* HESSE_PLUGIN_H */
