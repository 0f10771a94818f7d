-- What can be claimed stands in line. Nothing is moved: claims put into line what is ready, whoever made it so.
return 1
