// Package purge is the commands that delete the plays before a time for ever, and that
// list what was deleted.
//
// It promises that nothing is deleted unless a person says before when and why; that a
// dry run changes nothing; that the service may go on running, and that it goes on with
// what an interrupted command has left; that the same command again decides nothing
// twice; and that only the service that decides for the station deletes.
package purge
