// Package webhook posts events by the Standard Webhooks specification
// (https://www.standardwebhooks.com), signature included.
//
// It promises that a receiver can tell by the signature who sent an event, and by
// the id, which is the same at every try, that it is a repeated one; that what it
// returns says whether a try is worth repeating, in the errors of package
// delivery; and that no error names the URL, which often is a secret.
//
// Only an answer from 200 to 299 counts as delivered. After 410 an event is given
// up. Any other answer is worth another try, after the pause that its Retry-After
// asks for. Redirects are not followed.
package webhook
