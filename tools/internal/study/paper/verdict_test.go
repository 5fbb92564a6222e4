package paper

import "testing"

func TestJudge(t *testing.T) {
	f := func(mean, std float64) Figure { return Figure{mean, std, 3} }
	one := func(mean float64) Figure { return Figure{Mean: mean, N: 1} }
	for name, c := range map[string]struct {
		judgement
		want Verdict
	}{
		"within three points":           {judgement{ours: []Figure{f(10, 0), f(52.9, 0)}, paper: []float64{12.9, 50}}, Same},
		"within two deviations":         {judgement{ours: []Figure{f(10, 5)}, paper: []float64{19}}, Same},
		"within two wide deviations":    {judgement{ours: []Figure{f(10, 9)}, paper: []float64{20.1}}, NotConfirmed},
		"one column off":                {judgement{ours: []Figure{f(10, 0), f(54, 0)}, paper: []float64{10, 50}}, NotConfirmed},
		"order":                         {judgement{ours: []Figure{f(10, 1), f(20, 1)}, paper: []float64{30, 40}, rival: []Figure{f(15, 2), f(30, 1)}, rivalPaper: []float64{60, 70}}, SameOrder},
		"order, clean accuracies apart": {judgement{ours: []Figure{f(10, 1), f(20, 1)}, paper: []float64{30, 40}, rival: []Figure{f(15, 2), f(30, 1)}, rivalPaper: []float64{60, 70}, cleanGap: 3.1}, NotConfirmed},
		"order by half a point":         {judgement{ours: []Figure{f(10, 0)}, paper: []float64{30}, rival: []Figure{f(10.5, 0)}, rivalPaper: []float64{60}}, NotConfirmed},
		"order within the spread":       {judgement{ours: []Figure{f(10, 1), f(20, 1)}, paper: []float64{30, 40}, rival: []Figure{f(11, 2), f(30, 1)}, rivalPaper: []float64{60, 70}}, NotConfirmed},
		"other order":                   {judgement{ours: []Figure{f(40, 1)}, paper: []float64{30}, rival: []Figure{f(20, 1)}, rivalPaper: []float64{60}}, NotConfirmed},
		"a column without paper":        {judgement{ours: []Figure{f(10, 0), f(99, 0)}, paper: []float64{10, noFigure}}, Same},
		"rival without paper":           {judgement{ours: []Figure{f(10, 0), f(1, 0)}, paper: []float64{30, 40}, rival: []Figure{f(20, 0), {}}, rivalPaper: []float64{50, noFigure}}, SameOrder},
		"rival nowhere in the paper":    {judgement{ours: []Figure{f(10, 0)}, paper: []float64{30}, rival: []Figure{f(20, 0)}, rivalPaper: []float64{noFigure}}, NotConfirmed},
		"below":                         {judgement{ours: []Figure{f(0, 0)}, paper: []float64{60}, below: true}, Same},
		"not below":                     {judgement{ours: []Figure{f(62, 0)}, paper: []float64{60}, below: true}, NotConfirmed},
		// Half of 100 images: 4.9 points.
		"one seed":                    {judgement{images: 100, ours: []Figure{one(50)}, paper: []float64{59.7}}, Same},
		"one seed, too far":           {judgement{images: 100, ours: []Figure{one(50)}, paper: []float64{59.9}}, NotConfirmed},
		"order with one seed":         {judgement{images: 100, ours: []Figure{one(50)}, paper: []float64{30}, rival: []Figure{one(59.9)}, rivalPaper: []float64{60}}, SameOrder},
		"order with one seed, chance": {judgement{images: 100, ours: []Figure{one(50)}, paper: []float64{30}, rival: []Figure{one(59.7)}, rivalPaper: []float64{60}}, NotConfirmed},
		// Equal seeds of few images do not make the sample larger.
		"order of equal seeds, chance": {judgement{images: 100, ours: []Figure{f(50, 0)}, paper: []float64{30}, rival: []Figure{f(59.7, 0)}, rivalPaper: []float64{60}}, NotConfirmed},
		"too few images":               {judgement{images: 90, ours: []Figure{one(50)}, paper: []float64{50}}, Open},
		"all of too few images":        {judgement{images: 10, ours: []Figure{one(100)}, paper: []float64{50}}, Open},
		"all of more images":           {judgement{images: 100, ours: []Figure{one(100)}, paper: []float64{50}}, NotConfirmed},
		"rival on too few images":      {judgement{images: 90, ours: []Figure{one(1)}, paper: []float64{30}, rival: []Figure{one(50)}, rivalPaper: []float64{60}}, Open},
		"not measured":                 {judgement{ours: []Figure{{}}, paper: []float64{10}}, Open},
		"rival not measured":           {judgement{ours: []Figure{f(10, 0)}, paper: []float64{30}, rival: []Figure{{}}, rivalPaper: []float64{60}}, Open},
		"nothing to compare":           {judgement{ours: []Figure{f(1, 0)}, paper: []float64{noFigure}}, Open},
	} {
		if c.images == 0 {
			c.images = 10000
		}
		if got := c.verdict(); got != c.want {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
	}
}

func TestAlike(t *testing.T) {
	f := func(mean, std float64) Figure { return Figure{mean, std, 3} }
	for want, c := range map[Verdict][2][]Figure{
		Same:         {{f(10, 0), f(50, 6)}, {f(13, 0), f(59, 1)}},
		NotConfirmed: {{f(10, 0), f(50, 1)}, {f(13, 0), f(53.1, 1)}},
		Open:         {{f(10, 0), f(50, 1)}, {f(13, 0), {}}},
	} {
		if got := compareAlike(c[0], c[1], 10000); got != want {
			t.Errorf("%v: want %q, got %q", c, want, got)
		}
	}
}
