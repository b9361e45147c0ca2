using FuncLimiter.Core.Budgets;
using static FuncLimiter.Core.Tests.Budgets.Moments;

namespace FuncLimiter.Core.Tests.Budgets;

public class CautionTests
{
    [Fact]
    public void Surprise_DoublesTheJitterAndFromTheThirdOnLowersTheLimit()
    {
        var caution = new Caution();
        caution.Surprise(At(0));
        caution.Surprise(At(1));
        Assert.Equal(0.2, caution.Jitter.TotalSeconds, 6);
        Assert.Equal(1, caution.Factor);

        caution.Surprise(At(2));
        Assert.Equal(0.95, caution.Factor, 6);
        caution.Surprise(At(3));
        Assert.Equal(0.9025, caution.Factor, 6);
    }

    [Fact]
    public void Surprise_HoweverOften_StopsAtASecondAndAtThreeTenths()
    {
        var caution = new Caution();
        for (var i = 0; i < 100; i++)
        {
            caution.Surprise(At(i));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), caution.Jitter);
        Assert.Equal(0.3, caution.Factor, 6);
    }

    [Fact]
    public void Reassure_OncePerCalmHalfMinute_BringsBothBack()
    {
        var caution = new Caution();
        caution.Surprise(At(0));
        caution.Surprise(At(0));
        caution.Surprise(At(0));

        Assert.False(caution.Reassure(At(29), At(29)));
        Assert.True(caution.Reassure(At(30), At(30)));
        Assert.False(caution.Reassure(At(31), At(31)));
        Assert.Equal(0.36, caution.Jitter.TotalSeconds, 6);
        Assert.Equal(0.96, caution.Factor, 6);

        for (var i = 2; i < 100; i++)
        {
            caution.Reassure(At(30 * i), At(30 * i));
        }

        Assert.Equal(0.02, caution.Jitter.TotalSeconds, 6);
        Assert.Equal(1, caution.Factor, 6);
    }

    [Fact]
    public void Send_OfTheFirstCallAndAfterAMinutesIdling_ExpectsASecondOfJitterUntilAnswersCome()
    {
        var caution = Caution.Unheard();

        Assert.True(caution.Send(At(0)));
        Assert.Equal(1, caution.Jitter.TotalSeconds, 6);
        Assert.False(caution.Send(At(1)));

        Assert.False(caution.Reassure(sentAt: At(0), At(1.1)));
        for (var i = 0; i < 3; i++)
        {
            Assert.False(caution.Reassure(sentAt: At(1), At(2)));
        }

        Assert.True(caution.Reassure(sentAt: At(1), At(2)));
        Assert.Equal(0.5, caution.Jitter.TotalSeconds, 6);
        for (var i = 0; i < 9; i++)
        {
            Assert.False(caution.Reassure(sentAt: At(2), At(3.5)));
            Assert.False(caution.Reassure(sentAt: At(2.1), At(2.9)));
        }

        for (var i = 0; i < 16; i++)
        {
            caution.Reassure(At(3 + i), At(3 + i));
        }

        Assert.Equal(0.05, caution.Jitter.TotalSeconds, 6);
        Assert.False(caution.Send(At(60)));
        Assert.True(caution.Send(At(120)));
        Assert.Equal(1, caution.Jitter.TotalSeconds, 6);
    }

    [Fact]
    public void Surprise_WhileTheFirstAnswersComeIn_DoublesWhatFollows()
    {
        var caution = Caution.Unheard();
        caution.Send(At(0));
        caution.Surprise(At(1));
        for (var i = 2; i < 30; i++)
        {
            caution.Reassure(At(i), At(i));
        }

        Assert.Equal(0.1, caution.Jitter.TotalSeconds, 6);
        Assert.Equal(0.1, caution.Save().Jitter.TotalSeconds, 6);
    }

    [Fact]
    public void None_NeverChanges()
    {
        var caution = Caution.None();
        caution.Surprise(At(0));
        caution.Surprise(At(0));
        caution.Surprise(At(0));

        Assert.False(caution.Reassure(At(1000), At(1000)));
        Assert.Equal(TimeSpan.Zero, caution.Jitter);
        Assert.Equal(1, caution.Factor);
    }
}
