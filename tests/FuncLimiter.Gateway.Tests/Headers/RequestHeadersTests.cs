using FuncLimiter.Gateway.Calls.Headers;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Gateway.Tests.Headers;

public class RequestHeadersTests
{
    [Fact]
    public void Of_WhenConnectionNamesHeaders_KeepsThoseBackToo()
    {
        var passed = RequestHeaders.Of(new HeaderDictionary
        {
            ["Connection"] = "close, X-Hop",
            ["X-Hop"] = "1",
            ["X-Stays-On"] = "2",
        });

        Assert.Equal([new("X-Stays-On", "2")], passed);
    }

    [Fact]
    public void Of_PassesSeveralValuesAsOne()
    {
        var passed = RequestHeaders.Of(new HeaderDictionary { ["anthropic-beta"] = new(["a", "b"]) });

        Assert.Equal([new("anthropic-beta", "a,b")], passed);
    }
}
