import { expect, test } from 'vitest';
import { templateOf } from '../../src/core/path-template.ts';
import { isRandomWord } from '../../src/core/random-word.ts';
import { seededRandom } from '../../src/core/random.ts';
import { mask, maskTarget } from '../../src/diff/mask.ts';

const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const TOKENS = 50_000;
const SHORTEST = 16;

/** What stands in paths of shops, APIs, portals and frameworks, in every way of writing it. */
const SEGMENTS = `
  internationalization internationalisation UserPreferencesController userPreferencesController
  user-preferences-controller user_preferences_controller authentication authorization oauth2 oauth2callback
  getUserByIdToken listAccountSettings AccountSettingsPage accessibilityStatement PrivacyPolicyPage termsAndConditions
  TermsOfServiceDocument customerRelationshipManagement knowledgebase documentation administration configuration
  subscriptionManagement SubscriptionManagementService PaymentMethodsController shippingAddresses billingAddressHistory
  notificationPreferences NotificationSettingsEndpoint passwordResetRequests forgotPasswordConfirmation
  emailVerificationStatus twoFactorAuthentication singleSignOnCallback openid-configuration productRecommendations
  ProductDetailController frequentlyBoughtTogether recentlyViewedItems shoppingCartSummary checkoutConfirmation
  orderConfirmationEmail downloadInvoicePdf exportCustomersCsv importTransactionsXml healthCheckEndpoint
  ReadinessProbeHandler metricsCollectorStatus openTelemetryExporter kubernetesDeployments continuousIntegration
  containerRegistryImages repositoryContributors pullRequestComments branchProtectionRules releaseNotesArchive
  javascriptBundles stylesheetResources responsiveImagesGallery thumbnailGenerator videoTranscodingJobs
  geolocationServices weatherForecastHourly exchangeRatesHistory stockMarketOverview cryptocurrencyPrices
  electronicSignatures universityAdmissions departmentDirectory employeeTimesheets humanResourcesPortal
  apprenticeshipProgrammes municipalElections environmentalProtection transportationSchedule
  accommodationAvailability restaurantReservations appointmentScheduling vaccinationCertificates
  pharmaceuticalProducts telecommunications photographyCompetition entertainmentListings
  KundenverwaltungController Bestellbestaetigung veroeffentlichungen zahlungsmethoden Datenschutzerklaerung
  declarationDeConfidentialite politiqueDeConfidentialite condicionesGenerales AviseMoiEnCasDeDisponibilite
  covid19vaccination windows11installation iphone15promaxcase chapter12introduction
  XMLHttpRequestHandler HTMLElementReference parseJSONResponseBody createURLSearchParams README CONTRIBUTING
  SOURCECODEMANAGEMENT TERMSANDCONDITIONS wp-content wp-includes node_modules well-known sitemap robots.txt favicon.ico
`
  .trim()
  .split(/\s+/);

function tokens(alphabet: string, count: number, longest: number): string[] {
  const random = seededRandom(20_261_125);
  const draw = (below: number) => Math.floor(random.next() * below);
  return Array.from({ length: count }, () =>
    Array.from({ length: SHORTEST + draw(longest - SHORTEST + 1) }, () =>
      alphabet.charAt(draw(alphabet.length)),
    ).join(''),
  );
}

const shareOf = (list: readonly string[], holds: (text: string) => boolean) =>
  list.filter(holds).length / list.length;

test('of 50,000 random tokens in base 62 at least 99.9 % are hidden in targets, values and templates', () => {
  for (const longest of [SHORTEST, 32]) {
    const drawn = tokens(BASE62, TOKENS, longest);
    expect(shareOf(drawn, isRandomWord)).toBeGreaterThanOrEqual(0.999);
    const some = drawn.slice(0, 10_000);
    expect(shareOf(some, (token) => !maskTarget(`/t/${token}/x`).includes(token))).toBeGreaterThanOrEqual(
      0.999,
    );
    expect(shareOf(some, (token) => !mask(`"see ${token}"`).includes(token))).toBeGreaterThanOrEqual(0.999);
    expect(shareOf(some, (token) => templateOf(`/t/${token}`) === '/t/{id}')).toBeGreaterThanOrEqual(0.999);
  }
});

test('random letters of one case are hidden but for a few', () => {
  const drawn = tokens('abcdefghijklmnopqrstuvwxyz', 20_000, 32);
  expect(shareOf(drawn, isRandomWord)).toBeGreaterThanOrEqual(0.98);
  expect(shareOf(drawn, (token) => templateOf(`/t/${token}`) === '/t/{id}')).toBeGreaterThanOrEqual(0.98);
  expect(shareOf(drawn, (token) => !maskTarget(`/t/${token}`).includes(token))).toBeGreaterThanOrEqual(0.98);
});

test.each(SEGMENTS)('%s is a word of a path, and never hidden in a target', (segment) => {
  expect(isRandomWord(segment)).toBe(false);
  expect(maskTarget(`/app/${segment}/all`)).toBe(`/app/${segment}/all`);
});

test('words of paths that have no digit inside are kept in templates, however they are written', () => {
  const words = SEGMENTS.filter((segment) => !/\d/.test(segment));
  expect(words.filter((segment) => templateOf(`/app/${segment}`) !== `/app/${segment}`)).toEqual([]);
});
