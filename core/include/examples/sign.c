/* An attack in C: one signed gradient step (FGSM; Goodfellow et al. 2015) for L-infinity.
 *
 * Build:  cc -O2 -shared -fPIC -I .. -o libsign.so sign.c
 * Try:    hesse plugin check ./libsign.so
 */
#include "hesse_plugin.h"
#include <stdlib.h>
#include <string.h>

#define TEXT(s) {(const uint8_t *)(s), sizeof(s) - 1}

/* Text that nobody has to free. */
static int32_t fail(HesseBytes *error, const char *message) {
  error->ptr = (uint8_t *)message;
  error->len = strlen(message);
  error->free = NULL;
  return 1;
}

static int32_t create(const void *context, HesseStr options, void **object, HesseBytes *error) {
  (void)context;
  if (options.len > 0) return fail(error, "this attack has no options");
  *object = NULL; /* it has no state either */
  return 0;
}

static void destroy(void *object) { (void)object; }

static int32_t run(const void *attack, const HesseOracleTable *oracle, const HesseRawAttackRequest *request,
                   void *observer, HesseAttackStepFunction step, double *out, HesseBytes *error) {
  (void)attack;
  if (request->norm != HesseNORM_LINF) return fail(error, "this attack has no form but for linf");
  size_t n = request->n, count = n * oracle->sample_len;
  if (count == 0) return 0;
  double *losses = malloc(n * sizeof *losses), *gradient = malloc(count * sizeof *gradient);
  int32_t status = losses && gradient ? 0 : fail(error, "out of memory");
  if (status == 0)
    status = oracle->loss_gradient(oracle->context, n, request->samples, request->labels, HesseLOSS_CROSS_ENTROPY,
                                   losses, gradient, error);
  if (status == 0) {
    double epsilon = request->goal == HesseGOAL_TARGETED ? -request->epsilon : request->epsilon;
    for (size_t i = 0; i < count; i++) {
      double sign = (gradient[i] > 0) - (gradient[i] < 0);
      double x = request->samples[i] + epsilon * sign;
      out[i] = x < request->lower ? request->lower : x > request->upper ? request->upper : x;
    }
    if (step) step(observer, 1, losses, n);
  }
  free(losses);
  free(gradient);
  return status;
}

static const HesseAttackTable table = {sizeof(HesseAttackTable), create, destroy, NULL, run};

static const HesseRawEntry entry = {
    sizeof(HesseRawEntry), HesseKIND_ATTACK, TEXT("sign"), TEXT("one signed gradient step, in C"),
    TEXT("MIT OR Apache-2.0"), NULL, 0, NULL, &table};

static void entries(void *sink, HessePushEntry push) { push(sink, &entry); }

static const HesseManifest manifest = {
    {'H', 'E', 'S', 'S', 'E', 'P', 'L', 'G'}, sizeof(HesseManifest), 1, 0, 1, TEXT("a C compiler"), TEXT("c-sign"),
    TEXT("0.1.0"), NULL, entries};

const HesseManifest *hesse_plugin_manifest(void) { return &manifest; }
