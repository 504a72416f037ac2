// Package original speaks to nodes of the original Engine API, which is older
// than this one. It is the only place that knows what such a node does
// differently: it has neither digests nor batches, may heed no offset of a time,
// and lists its playlog by pages that some nodes end or repeat.
//
// It promises that an entry arrives with the start that it has, that Playlog
// reaches everything that the node lists or says that it does not, and that
// nothing which can't be understood is taken for something else.
package original
