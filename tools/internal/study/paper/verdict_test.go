package paper

import "testing"

func TestJudge(t *testing.T) {
	f := func(mean, std float64) Figure { return Figure{mean, std, 3} }
	one := func(mean float64) Figure { return Figure{Mean: mean, N: 1} }
	for name, c := range map[string]struct {
		ours       []Figure
		paper      []float64
		rival      []Figure
		rivalPaper []float64
		cleanGap   float64
		want       Verdict
	}{
		"within three points":           {[]Figure{f(10, 0), f(52.9, 0)}, []float64{12.9, 50}, nil, nil, 0, Same},
		"within two deviations":         {[]Figure{f(10, 5)}, []float64{19}, nil, nil, 0, Same},
		"within two wide deviations":    {[]Figure{f(10, 9)}, []float64{20.1}, nil, nil, 0, NotConfirmed},
		"one column off":                {[]Figure{f(10, 0), f(54, 0)}, []float64{10, 50}, nil, nil, 0, NotConfirmed},
		"order":                         {[]Figure{f(10, 1), f(20, 1)}, []float64{30, 40}, []Figure{f(15, 2), f(30, 1)}, []float64{60, 70}, 0, SameOrder},
		"order, clean accuracies apart": {[]Figure{f(10, 1), f(20, 1)}, []float64{30, 40}, []Figure{f(15, 2), f(30, 1)}, []float64{60, 70}, 3.1, NotConfirmed},
		"order by half a point":         {[]Figure{f(10, 0)}, []float64{30}, []Figure{f(10.5, 0)}, []float64{60}, 0, NotConfirmed},
		"order within the spread":       {[]Figure{f(10, 1), f(20, 1)}, []float64{30, 40}, []Figure{f(11, 2), f(30, 1)}, []float64{60, 70}, 0, NotConfirmed},
		"other order":                   {[]Figure{f(40, 1)}, []float64{30}, []Figure{f(20, 1)}, []float64{60}, 0, NotConfirmed},
		"a column without paper":        {[]Figure{f(10, 0), f(99, 0)}, []float64{10, noFigure}, nil, nil, 0, Same},
		"rival without paper":           {[]Figure{f(10, 0), f(1, 0)}, []float64{30, 40}, []Figure{f(20, 0), {}}, []float64{50, noFigure}, 0, SameOrder},
		// Half of 100 images: 5 points; 2 % of them: 1.4.
		"one seed":                    {[]Figure{one(50)}, []float64{59.9}, nil, nil, 0, Same},
		"one seed, too far":           {[]Figure{one(50)}, []float64{60.1}, nil, nil, 0, NotConfirmed},
		"order with one seed":         {[]Figure{one(50)}, []float64{30}, []Figure{one(60.1)}, []float64{60}, 0, SameOrder},
		"order with one seed, chance": {[]Figure{one(50)}, []float64{30}, []Figure{one(59.9)}, []float64{60}, 0, NotConfirmed},
		"not measured":                {[]Figure{{}}, []float64{10}, nil, nil, 0, Open},
		"rival not measured":          {[]Figure{f(10, 0)}, []float64{30}, []Figure{{}}, []float64{60}, 0, Open},
		"nothing to compare":          {[]Figure{f(1, 0)}, []float64{noFigure}, nil, nil, 0, Open},
	} {
		if got := compareRow(c.ours, c.paper, c.rival, c.rivalPaper, c.cleanGap, 100); got != c.want {
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
		if got := compareAlike(c[0], c[1], 100); got != want {
			t.Errorf("%v: want %q, got %q", c, want, got)
		}
	}
}
