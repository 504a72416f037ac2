// Package original speaks to nodes of the original Engine API, which is older
// than this one. It is the only place that knows what such a node does
// differently. The node has neither digests nor batches, may ignore the offset
// of a time, and lists its playlog by pages, which some nodes end or repeat.
//
// It promises that an entry arrives with the start that it has. Playlog reaches
// everything that the node lists, or says that it does not. Data that can't be
// understood is never taken for something else.
package original
