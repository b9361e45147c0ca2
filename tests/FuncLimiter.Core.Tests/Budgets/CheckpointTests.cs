using FsCheck;
using FsCheck.Fluent;
using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

/// <summary>What budgets let out across crashes: at most what a checkpoint that was kept had written ahead.</summary>
public class CheckpointTests
{
    [Fact]
    public void KeepDurably_BeforeTheFirstCheckpoint_LetsNothingOut()
    {
        var budget = Durable(LimitAlgorithm.Bucket);

        Assert.Equal(Instant.Unknown, budget.FitsAt(Tokens(10), At(0)));

        budget.Save(out var allowances, At(0));
        budget.Allow(allowances);
        Assert.Equal(At(0), budget.FitsAt(Tokens(10), At(0)));
    }

    [Fact]
    public void Save_WhenMuchGoesOut_WritesTwiceAsMuchAhead()
    {
        // 600 a minute: half a second's refill is 5, twice what went out since the last checkpoint 160.
        var budget = Durable(LimitAlgorithm.Bucket);
        budget.Take(Tokens(80), At(0));

        var state = budget.Save(out var allowances, At(0));
        Assert.Equal(160, allowances[0]);
        Assert.Equal(240, state.Meters[0].Used, 6);

        budget.Save(out allowances, At(1));
        Assert.Equal(5, allowances[0], 6);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Bucket)]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.CalendarDay)]
    public void Restore_LongAfterTheCheckpoint_CountsTheAllowanceAsJustTaken(LimitAlgorithm algorithm)
    {
        var budget = Durable(algorithm);
        budget.Take(Tokens(300), At(0));
        var state = budget.Save(out _, At(0));
        var after = Durable(algorithm);

        after.Restore(state, At(2 * 86_400));

        Assert.Equal(600, after.Meters[0].Used(At(2 * 86_400)), 3);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Bucket)]
    [InlineData(LimitAlgorithm.Sliding)]
    [InlineData(LimitAlgorithm.Fixed)]
    [InlineData(LimitAlgorithm.CalendarDay)]
    public void Restore_WhateverTheMomentOfTheCrash_ForgetsNothingThatWentOut(LimitAlgorithm algorithm) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll(Lives, steps => new Life(algorithm).Live(steps)));

    private static Arbitrary<(int Kind, int Amount, int GapMs)[]> Lives => Arb.From(
        (from kind in Gen.Choose(0, 8)
         from amount in Gen.Choose(1, 200)
         from gap in Gen.Frequency((2, Gen.Choose(0, 50)), (1, Gen.Choose(0, 5_000)))
         select (kind, amount, gap)).ArrayOf().Resize(80));

    private static Charge Tokens(long tokens) => new(1, tokens, 0, 0, 1);

    private static Budget Durable(LimitAlgorithm algorithm)
    {
        var window = algorithm == LimitAlgorithm.CalendarDay ? TimeSpan.FromDays(1) : Minute;
        var budget = new Budget("account:one", [new Limit(Dimension.Tokens, 600, window, algorithm)], Caution.None());
        budget.KeepDurably();
        return budget;
    }

    /// <summary>One budget through takes, checkpoints that are kept or not, and crashes, beside the list of all that ever went out.</summary>
    private sealed class Life(LimitAlgorithm algorithm)
    {
        private readonly IReferenceMeter truth = algorithm switch
        {
            LimitAlgorithm.Bucket => new ReferenceBucket(600, 10, 0),
            LimitAlgorithm.CalendarDay => new ReferenceWindow(600, TimeSpan.FromDays(1)),
            _ => new ReferenceWindow(600, Minute),
        };

        private Budget budget = Durable(algorithm);
        private double[]? begun;
        private BudgetState? unkept;
        private BudgetState? kept;
        private Instant now = At(100);

        public void Live((int Kind, int Amount, int GapMs)[] steps)
        {
            foreach (var (kind, amount, gapMs) in steps)
            {
                now += TimeSpan.FromMilliseconds(gapMs);
                Step(kind, amount);
                Assert.True(truth.Used(now) <= 600 + 1e-6, $"{truth.Used(now)} went out of 600");
            }
        }

        private void Step(int kind, int amount)
        {
            switch (kind)
            {
                case <= 3 when budget.FitsAt(Tokens(amount), now) <= now:
                    budget.Take(Tokens(amount), now);
                    truth.Take(amount, now);
                    break;
                case 4 or 5 when begun is null:
                    unkept = budget.Save(out begun, now);
                    budget.Restrict(begun);
                    break;
                case 6:
                    kept = unkept ?? kept;
                    unkept = null;
                    break;
                case 7 when begun is not null && unkept is null:
                    budget.Allow(begun);
                    begun = null;
                    break;
                case 8:
                    budget = Durable(algorithm);
                    if (kept is not null)
                    {
                        budget.Restore(kept, now);
                    }

                    (begun, unkept) = (null, null);
                    Assert.True(budget.Meters[0].Used(now) >= truth.Used(now) - 1e-6, "The crash made it forget what had gone out.");
                    break;
            }
        }
    }
}
