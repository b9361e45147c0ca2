[assembly: TestCollectionOrderer("FuncLimiter.Server.Tests.Processes.LongestFirst", "FuncLimiter.Functions.EndToEnd.Tests")]
