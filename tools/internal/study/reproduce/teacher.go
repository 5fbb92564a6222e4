package reproduce

import (
	"os"
	"path/filepath"
	"strings"

	"unwarp/pipelines/files"
	"unwarp/tools/internal/run/experiment"
	"unwarp/tools/internal/study"
	"unwarp/trainer"
)

// teacherFile is, beside the measurements of a run that was taught by another, the hash of
// that one's weights.
const teacherFile = "teacher.txt"

// noteTeacher writes that file for a run that has just been trained.
func (r *Reproduction) noteTeacher(j *Job) error {
	if j.Arm.Teacher == "" {
		return nil
	}
	weights, err := experiment.WeightsHash(r.folderOf(j.Arm.Teacher, j.Seed), trainer.Last)
	if err != nil {
		return err
	}
	if err := makeTablesFolder(j.Dir); err != nil {
		return err
	}
	return files.Write(filepath.Join(j.Dir, TablesDir, teacherFile), []byte(weights+"\n"))
}

// checkTeacher refuses a finished run whose teacher was trained anew since. Runs without
// the file are taken as they are.
func (r *Reproduction) checkTeacher(j *Job) error {
	raw, err := os.ReadFile(filepath.Join(j.Dir, TablesDir, teacherFile))
	if j.Arm.Teacher == "" || err != nil {
		return nil
	}
	teacher := r.folderOf(j.Arm.Teacher, j.Seed)
	now, err := experiment.WeightsHash(teacher, trainer.Last)
	if err != nil {
		return err
	}
	if was := strings.TrimSpace(string(raw)); was != now {
		return study.WrongRequest("run folder %s was taught by other weights than %s has now: remove it, to have it trained again", j.Dir, teacher)
	}
	return nil
}
